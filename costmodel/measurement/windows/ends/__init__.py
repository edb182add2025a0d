"""Where an inference begins and ends between two samples."""
