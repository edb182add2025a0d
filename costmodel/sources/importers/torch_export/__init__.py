"""PyTorch programs: what torch.export captured before anything is decomposed, read without PyTorch; and live modules."""
