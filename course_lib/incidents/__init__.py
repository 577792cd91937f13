"""The incident-response simulator: scenarios as data, and the engine whose every consequence comes from the models."""
