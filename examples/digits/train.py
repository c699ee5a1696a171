#!/usr/bin/env python3
"""Trains the network of trainer/: `python3 train.py --help` lists the settings."""
from trainer.train import main

if __name__ == "__main__":
    main()
