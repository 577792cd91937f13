"""The picture of the README is what the command draws."""

from pathlib import Path

from course_lib.lessons import readme_picture

ROOT = Path(__file__).parents[2]


def test_the_picture_of_the_readme_is_made_by_a_command(tmp_path, capsys):
    assert readme_picture.main([str(tmp_path / "storm.png")]) == 0
    made, kept = (tmp_path / "storm.png").read_bytes(), (ROOT / "docs" / "retry_storm.png").read_bytes()
    assert made[:4] == kept[:4] == b"\x89PNG" and made[16:24] == kept[16:24]  # the same width and height
    assert readme_picture.main([str(tmp_path / "nowhere" / "storm.png")]) == 2
    assert "is not a folder" in capsys.readouterr().err
