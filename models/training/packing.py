"""From a trained network to the delta that ships."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from matcher.errors import ModelCorrupt
from models.delta import Delta
from models.late import Head
from models.training.network import Network
from models.tuned import WEIGHTS, checked_texts


def packed(network: Network, base: Path, prefix: str, about: Mapping[str, Any]) -> Delta:
    """What training changed in the model in the folder `base`, with the head and the reference vectors.

    Raises `ModelCorrupt` when the network has weights that the base has not.
    """
    from safetensors.numpy import load_file

    for module in network.encoder.modules():
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    before = load_file(base / WEIGHTS)
    changes = {}
    for name, weight in network.encoder.state_dict().items():
        if name not in before:
            if name.endswith("position_ids"):
                continue
            raise ModelCorrupt(f"{base} has no tensor {name}: the network was built on another model.")
        change = weight.detach().float().numpy() - before[name]
        if np.any(change):
            changes[name] = change
    head = network.head
    with torch.no_grad():
        longest = int(network.encoder.config.max_position_embeddings)
        reference = network.eval()(checked_texts(), prefix, longest).pooled.float().numpy()
    return Delta(
        about,
        changes,
        Head(
            head.projection.weight.detach().numpy(),
            head.projection.bias.detach().numpy(),
            head.salience.weight.detach().numpy()[0],
            float(head.salience.bias.detach()),
        ),
        reference,
    )
