"""Post-mortems: the frame to fill in, the rubric, and the grader that checks a document against its sealed run."""
