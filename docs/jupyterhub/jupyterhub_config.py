"""A hub for this course: each learner's server begins with `start-course`, which gives them copies of their own."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]

c = get_config()  # noqa: F821  (JupyterHub defines it)
c.ConfigurableHTTPProxy.command = [str(COURSE / ".venv/node_modules/.bin/configurable-http-proxy")]
c.Spawner.cmd = ["/bin/sh", str(HERE / "start-course")]
c.Spawner.notebook_dir = "~/course/work"
c.Spawner.default_url = "/lab/tree/Start.ipynb"
c.Spawner.start_timeout = 180  # seconds: the first start copies, and reads all twelve
