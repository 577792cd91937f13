"""Plausible mistakes in `accept`, one a function."""

import numpy as np


def always(known, kept, added, answering):
    """Believes the registry."""
    return np.ones(np.shape(known), bool)


def never_shrinks(known, kept, added, answering):
    """Refuses every list that drops anything: no scale-down ever gets through."""
    return (kept + added > 0) & (kept == known)


def only_empty(known, kept, added, answering):
    """Refuses the empty list alone."""
    return kept + added > 0


def by_size(known, kept, added, answering):
    """Compares lengths: a list of strangers is as long as ever."""
    return (kept + added > 0) & (kept + added >= known / 2)


def drop_alone(known, kept, added, answering):
    """Refuses every drop of more than half, true or not."""
    return (kept + added > 0) & (known - kept <= known / 2)


def any_answer(known, kept, added, answering):
    """One address that still answers blocks the update."""
    return (kept + added > 0) & ((known - kept <= known / 2) | (answering == 0))


def half_is_too_much(known, kept, added, answering):
    """Refuses a drop of just half, too."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped < known / 2) | (answering <= dropped / 10))


def a_fifth(known, kept, added, answering):
    """Believes until a fifth of the dropped answer."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= known / 2) | (answering <= dropped / 5))


def three_fifths(known, kept, added, answering):
    """Doubts only when more than three fifths are dropped."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= 0.6 * known) | (answering <= dropped / 10))


def a_tenth_is_enough(known, kept, added, answering):
    """Doubts when just a tenth of the dropped answers."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= known / 2) | (answering < dropped / 10) | (answering == 0))


def a_tenth_of_the_known(known, kept, added, answering):
    """Takes the tenth of all that were known, not of the dropped."""
    return (kept + added > 0) & ((known - kept <= known / 2) | (answering <= known / 10))


def all_new_is_empty(known, kept, added, answering):
    """Refuses a list that holds none of the old addresses, as after a deploy."""
    dropped = known - kept
    return ((kept > 0) | (known == 0)) & ((dropped <= known / 2) | (answering <= dropped / 10))


def answers_alone(known, kept, added, answering):
    """Refuses small drops, too, while the dropped drain."""
    return (kept + added > 0) & (answering <= (known - kept) / 10)


def of_the_known(known, kept, added, answering):
    """Counts those that answer against all that are known, generously."""
    return (kept + added > 0) & ((known - kept <= known / 2) | (answering <= known / 2))


def empty_when_nobody_answers(known, kept, added, answering):
    """Believes an empty list once nobody answers."""
    dropped = known - kept
    return (dropped <= known / 2) | (answering <= dropped / 10)


def nothing_first(known, kept, added, answering):
    """Never starts: where nothing is known nothing may come."""
    dropped = known - kept
    return (kept > 0) & ((dropped <= known / 2) | (answering <= dropped / 10))


def added_make_up(known, kept, added, answering):
    """Lets new addresses make up for dropped ones."""
    dropped = np.maximum(known - kept - added, 0)
    return (kept + added > 0) & ((dropped <= known / 2) | (answering <= dropped / 10))


def half_rounded_up(known, kept, added, answering):
    """Lets 21 of 41 pass for half."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= np.ceil(known / 2)) | (answering <= dropped / 10))


def tenth_rounded_up(known, kept, added, answering):
    """Lets three of 25 pass for a tenth."""
    dropped = known - kept
    return (kept + added > 0) & ((dropped <= known / 2) | (answering <= np.ceil(dropped / 10)))


def nothing_for_the_first(known, kept, added, answering):
    """Accepts the first list ever, also if it is empty."""
    dropped = known - kept
    return (known == 0) | ((kept + added > 0) & ((dropped <= known / 2) | (answering <= dropped / 10)))


def constants_of_the_visible_seed(known, kept, added, answering):
    """What is right at home, copied."""
    return np.resize(
        [
            1.0,
            1.0,
            0.0,
            1.0,
            0.0,
            1.0,
            1.0,
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
            0.0,
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
            1.0,
        ],
        np.shape(known),
    )


def constants_tuned_on_other_seeds(known, kept, added, answering):
    """The median of what is right on seven other seeds, copied."""
    return np.resize(
        [
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
            0.0,
            1.0,
            1.0,
            1.0,
            1.0,
            0.0,
            1.0,
            1.0,
            1.0,
            0.0,
            1.0,
            1.0,
            0.0,
            0.0,
            1.0,
            1.0,
            1.0,
            1.0,
            0.0,
        ],
        np.shape(known),
    )


def one_is_none(known, kept, added, answering):
    """Refuses a list of a single address as if it were empty."""
    dropped = known - kept
    return (kept + added > 1) & ((dropped <= known / 2) | (answering <= dropped / 10))
