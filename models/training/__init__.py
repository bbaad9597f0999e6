"""Training an encoder on one machine without an accelerator: batches in, a small delta of weights out.

batches (texts with gains) -> network (encoder and late head) -> losses -> trainer -> delta
"""
