"""The picture of the README is what the command draws, and it moves."""

from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.lessons import readme_picture

ROOT = Path(__file__).parents[2]


def test_the_picture_of_the_readme_is_made_by_a_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(readme_picture, "FRAMES", 2)
    assert readme_picture.main([str(tmp_path / "storm.png")]) == 0
    made, kept = (tmp_path / "storm.png").read_bytes(), (ROOT / "docs" / "retry_storm.png").read_bytes()
    assert made[:4] == kept[:4] == b"\x89PNG" and made[16:24] == kept[16:24]  # the same width and height
    assert readme_picture.main([str(tmp_path / "nowhere" / "storm.png")]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_it_plays_once_from_the_brownout_to_the_whole_picture_which_is_the_first_to_be_seen():
    with Image.open(ROOT / "docs" / "retry_storm.png") as moving:
        assert (moving.n_frames, moving.info["loop"], moving.default_image) == (readme_picture.FRAMES + 1, 1, True)
        seen = []
        for frame in (0, 5, readme_picture.FRAMES):
            moving.seek(frame)
            seen.append(np.asarray(moving.convert("RGB"), dtype=int))
    paper = [(one == 255).all(axis=2).mean() for one in seen]
    assert paper[1] > paper[2] + 0.05 and np.abs(seen[0] - seen[2]).mean() < 1
