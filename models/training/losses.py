"""How far a network's order of candidates is from the one their gains ask for."""

import torch
from torch import Tensor


def listwise(scores: Tensor, gains: Tensor, known: Tensor) -> Tensor:
    """Cross entropy between the gains, as shares, and the softmax of the scores, both ways round.

    With one positive a row this is the in-batch contrastive loss (InfoNCE); with grades it is ListNet
    (Cao et al. 2007). Rows, and columns, without a positive only serve as negatives to others.
    """
    masked = scores.masked_fill(known == 0, -1e4)
    gains = gains * known
    losses = []
    for table, worth in ((masked, gains), (masked.T, gains.T)):
        total = worth.sum(dim=1)
        some = total > 0
        if some.any():
            shares = worth[some] / total[some, None]
            losses.append(-(shares * torch.log_softmax(table[some], dim=1)).sum(dim=1).mean())
    return torch.stack(losses).mean() if losses else scores.sum() * 0
