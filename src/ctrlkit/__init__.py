"""ctrlkit: an audit as a test suite."""
