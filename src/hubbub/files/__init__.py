"""Uploaded files: their bytes on the disk (`blobs`), and pictures made anew in a process of their own (`pictures`)."""
