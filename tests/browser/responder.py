"""A scripted responder: plays an action log in the console of a drill, by pressing what a person would press."""

from __future__ import annotations


class Responder:
    """One console on a page of `rig`.

    Parameters
    ----------
    page : NotebookPage
    """

    def __init__(self, page):
        self.page = page
        self.root = page.page.locator(".course-console.course-live")
        self.root.wait_for(state="visible")
        self.stands = "recovered"
        self.settle()

    @property
    def now(self) -> float:
        """Simulated seconds."""
        return float(self.root.get_attribute("data-seconds"))

    def settle(self) -> None:
        """Wait until the charts show what the clock says."""
        script = """() => {
            const shown = document.querySelector('.course-console.course-live')?.dataset;
            return shown && shown.drawn === shown.seconds;
        }"""
        self.page.page.wait_for_function(script)

    def button(self, name: str, exact: bool = True):
        """A button by its accessible name."""
        return self.root.get_by_role("button", name=name, exact=exact)

    def text(self, part: str) -> str:
        """What a part of the console says, such as ``headline``."""
        return self.root.locator(f".drill-{part}").first.inner_text()

    def step(self, seconds: int) -> None:
        """Press a button that moves the clock on, and wait until it has."""
        before = self.now
        self.button(f"Step {seconds} seconds on").click()
        script = "before => Number(document.querySelector('.course-console').dataset.seconds) > before"
        self.page.page.wait_for_function(script, arg=before)
        self.settle()

    def until(self, at: float) -> None:
        """Step until a second has come, never past it by more than a step."""
        while self.now < at and self.root.get_attribute("data-ended") == "false":
            self.step(60 if at - self.now > 60 else 15)

    def sent(self) -> None:
        """Wait until the open form was taken: it closes."""
        self.root.locator(".drill-sheet form").wait_for(state="detached")

    # ---- the steps of a log ----------------------------------------------------------------------------------------

    def ack(self, entry) -> None:
        """Acknowledge an alert, where it still fires."""
        found = self.root.locator(f'[data-alert="{entry.alert}"] button')
        if found.count():
            found.click()
            found.wait_for(state="detached")

    def diagnosis(self, entry) -> None:
        """Say what it is."""
        self.button("diagnosis").click()
        self.stands = "nothing" if entry.mode == "nothing" else "recovered"
        self.root.locator(f'[name="mode"][value="{entry.mode}"]').check()
        for name in ("cause", "victim"):
            if getattr(entry, name):
                self.root.locator(f'[name="{name}"]').select_option(getattr(entry, name))
        wanted = [item for item in entry.evidence if self.root.locator(f'[name="evidence"][value="{item}"]').count()]
        if wanted:
            self.unfold(self.root.locator(".drill-sheet summary"))
        for item in wanted:
            self.root.locator(f'[name="evidence"][value="{item}"]').check()
        self.root.locator(f'[name="confidence"][value="{entry.confidence or 2}"]').click()
        self.sent()

    def unfold(self, summary) -> None:
        """Open what is folded, where it is."""
        if not summary.evaluate("summary => summary.parentElement.open"):
            summary.click()

    def choose(self, action: str) -> None:
        """Press an action, in the fold of those who carry it out."""
        pressed = f'[data-action="{action}"]'
        self.unfold(self.root.locator(f".drill-actions details:has({pressed}) summary"))
        self.root.locator(pressed).click()

    def action(self, entry) -> None:
        """Take an action, or take it back, after reading what is known of its risk."""
        self.choose(entry.action)
        self.root.locator("[data-submit]").click()
        self.sent()

    def update(self, entry) -> None:
        """Answer whoever asked, or send a status update; one that lacks something is sent as it is."""
        answer = self.root.locator(f'[data-key="answer-{entry.inject}"]')
        (answer if entry.inject and answer.count() else self.button("status update")).click()
        for need, told in entry.facts.items():
            asked = self.root.locator(f'[data-need="{need}"]')
            if asked.count():
                asked.fill(told)
        self.root.locator('[name="conditions"]').fill(entry.text or "Since 18:04 90 % fail")
        self.root.locator('[name="actions"]').fill("as above")
        self.root.locator('[name="needs"]').fill("none; next update in ten minutes")
        self.root.locator("[data-submit]").click()
        again = self.button("send it as it is")
        self.page.page.wait_for_function("() => document.querySelector('.drill-hints')?.children.length !== 0")
        if again.count():
            again.click()
        self.sent()

    def verify(self, entry) -> None:
        """Confirm how it stands; where that is not told, as it was diagnosed."""
        self.button("confirm recovery").click()
        self.root.locator(f'[name="mode"][value="{entry.mode or self.stands}"]').check()
        signals = self.root.locator('[name="signals"]')
        for signal in entry.signals or (signals.first.get_attribute("value"),):
            self.root.locator(f'[name="signals"][value="{signal}"]').check()
        self.root.locator("[data-submit]").click()
        self.sent()

    def note(self, entry) -> None:
        """Write a note."""
        self.button("note").click()
        self.root.locator('[name="text"]').fill(entry.text or "seen")
        self.root.locator("[data-submit]").click()
        self.sent()

    def play(self, log, *, hand_over: bool = True) -> None:
        """Play a whole log, at its times or as soon after as steps allow; what the rules want besides is done, too."""
        kinds = [entry.kind for entry in log]
        for entry in log:
            self.until(entry.at)
            if self.root.get_attribute("data-ended") == "true":
                return
            if entry.kind == "action" and "diagnosis" not in kinds:
                kinds.append("diagnosis")
                self.diagnosis(Guess())
            getattr(self, entry.kind)(entry)
        if "verify" not in kinds and hand_over:
            if "diagnosis" not in kinds:
                self.diagnosis(Guess())
            self.verify(Unsure())
        if hand_over:
            self.hand_over()

    def hand_over(self) -> None:
        """End the drill and wait for its debrief."""
        self.root.locator('[data-key="over"]').click()
        self.root.locator('.drill-debrief[data-drawn="true"]').wait_for(state="visible")


class Guess:
    """What somebody says who does not know."""

    kind, mode, confidence, cause, victim, evidence, signals, text, action, undo = (
        "diagnosis", "retry_storm", 1, None, None, (), (), "", None, False,
    )  # fmt: skip
    inject, facts = None, {}


class Unsure(Guess):
    """Confirms all the same."""

    mode = ""
