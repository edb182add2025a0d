"""What devices and instruments report: streams and bytes in, values out."""
