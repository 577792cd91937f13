"""One file a lesson: its panel, presets, challenges and pictures."""
