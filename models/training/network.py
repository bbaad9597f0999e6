"""The network that is trained: a BERT-like encoder, and a head that makes small token vectors of its output.

The head gives each token a vector of a few dimensions and a weight: how much the token counts when two
texts are compared token by token (late interaction; after ColBERT, Khattab and Zaharia 2020).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from models.delta import Delta
from models.late import POOLED

STATE = "state.pt"
"""The checkpoint in a work folder."""
LATE_DIMENSION = 192
READ_TOGETHER = 16
DROPPED = 26
"""Of 256 values, how many are dropped while training: a tenth, as the model was made with."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """What the network makes of some texts."""

    pooled: Tensor
    """`float32[n, d]`, unit rows."""
    late: Tensor
    """`float32[n, t, e]`, unit vectors of neighbouring tokens; zeros where `weights` is 0."""
    weights: Tensor
    """`float32[n, t]`: how much each counts, adding up to 1."""


class LateHead(nn.Module):
    """Token vectors to small ones, with a weight each."""

    def __init__(self, hidden: int, dimension: int = LATE_DIMENSION) -> None:
        super().__init__()
        self.projection = nn.Linear(hidden, dimension)
        self.salience = nn.Linear(hidden, 1)
        nn.init.zeros_(self.salience.weight)
        nn.init.zeros_(self.salience.bias)

    def start_from(self, tokens: Tensor) -> None:
        """Begin with the principal directions of `float32[t, h]` token vectors, centred."""
        mean = tokens.mean(dim=0)
        _, _, directions = torch.pca_lowrank(tokens - mean, q=self.projection.out_features, center=False)
        with torch.no_grad():
            self.projection.weight.copy_(directions.T)
            self.projection.bias.copy_(-directions.T @ mean)

    def forward(self, tokens: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors and weights of `POOLED` neighbours each; `counted` is 1 for tokens of the text proper."""
        small = self.projection(tokens)
        weight = functional.softplus(self.salience(tokens)[..., 0]) * counted
        short = -small.shape[1] % POOLED
        small, weight = functional.pad(small, (0, 0, 0, short)), functional.pad(weight, (0, short))
        n, t, e = small.shape
        summed = (small * weight[..., None]).view(n, t // POOLED, POOLED, e).sum(dim=2)
        weights = weight.view(n, t // POOLED, POOLED).sum(dim=2)
        return functional.normalize(summed, dim=-1), weights / weights.sum(dim=1, keepdim=True).clamp_min(
            1e-9
        )


class Dropout(nn.Module):
    """Dropout that draws a byte a value: torch draws one at a time, which took half of a training step."""

    def forward(self, values: Tensor) -> Tensor:
        """Some values set to 0, the others raised accordingly; in use, all as they are."""
        if not self.training:
            return values
        count = values.numel()
        words = torch.empty((count + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
        kept = (words.view(torch.uint8)[:count] >= DROPPED).view(values.shape)
        return values * (kept.to(values.dtype) * (256 / (256 - DROPPED)))


class LowRank(nn.Module):
    """A weight plus the product of two thin matrices (LoRA, Hu et al. 2021)."""

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.left = nn.Parameter(torch.zeros(rows, rank))
        self.right = nn.Parameter(torch.randn(rank, columns) / rank)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight that is used."""
        return weight + self.left @ self.right


class Network(nn.Module):
    """Encoder and head; `scope` says which weights of the encoder learn.

    `all`: every layer; `last:4`: the last four; `lora:16`: low-rank changes of every layer. Word, position
    and type embeddings never learn: they hold four fifths of the weights and few of the words.
    """

    def __init__(self, folder: Path, scope: str = "all") -> None:
        super().__init__()
        from transformers import AutoTokenizer, BertModel
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        # the plain attention: twice as fast backwards on a processor as the fused one (torch 2.13)
        self.encoder = BertModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            attn_implementation="eager",
            local_files_only=True,
            attention_probs_dropout_prob=0.0,  # its masks took a third of a step; hidden dropout is kept
        )
        for module in list(self.encoder.modules()):
            for name, part in list(module.named_children()):
                if isinstance(part, nn.Dropout) and part.p > 0:
                    setattr(module, name, Dropout().train(part.training))
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.head = LateHead(self.encoder.config.hidden_size)
        self.scale = nn.Parameter(torch.tensor(3.7))
        """Logarithm of what late scores are multiplied by before the softmax."""
        self._open(scope)

    def _open(self, scope: str) -> None:
        kind, _, size = scope.partition(":")
        for weight in self.encoder.parameters():
            weight.requires_grad = False
        layers = list(self.encoder.encoder.layer)
        if kind == "lora":
            for layer in layers:
                for module in list(layer.modules()):
                    if isinstance(module, nn.Linear):
                        part = LowRank(module.out_features, module.in_features, int(size))
                        parametrize.register_parametrization(module, "weight", part)
        elif kind in ("all", "last"):
            for layer in layers[-int(size) :] if kind == "last" else layers:
                for weight in layer.parameters():
                    weight.requires_grad = True
        else:
            raise ValueError(f"scope {scope!r}, expected all, last:N or lora:R")

    def begin_from(self, folder: Path) -> None:
        """Take the weights of an earlier training of all layers, from its folder of checkpoints."""
        state = torch.load(folder / STATE, weights_only=True)["weights"]
        if any(parametrize.is_parametrized(module) for module in self.encoder.modules()):
            own = {
                name: name.replace("parametrizations.weight.original", "weight") for name in self.state_dict()
            }
            state = {name: state[there] for name, there in own.items() if there in state}
        self.load_state_dict(state, strict=False)

    @torch.no_grad()
    def begin_with(self, delta: Delta) -> None:
        """Take the encoder and the weights of tokens that an earlier training ended with.

        The projection of the late head begins anew (`start_head`): it may have another size.
        """
        own = self._encoder_weights()
        for name, change in delta.changes.items():
            own[name].add_(torch.from_numpy(change))
        self.head.salience.weight.copy_(torch.from_numpy(delta.head.salience)[None])
        self.head.salience.bias.fill_(delta.head.salience_bias)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor of the encoder, by its name."""
        return {name: tuple(weight.shape) for name, weight in self._encoder_weights().items()}

    def _encoder_weights(self) -> dict[str, nn.Parameter]:
        """By the names that a BertModel gives them, also where low-rank changes are learned on top."""
        return {
            name.replace("parametrizations.weight.original", "weight"): weight
            for name, weight in self.encoder.named_parameters()
        }

    @torch.no_grad()
    def start_head(self, texts: Sequence[str], prefix: str, max_tokens: int) -> None:
        """Begin the late head with the principal directions of the tokens of some texts."""
        hidden, mask, _ = self.tokens([prefix + text for text in texts], max_tokens)
        self.head.start_from(hidden[mask.bool()])

    def learned(self) -> Iterator[nn.Parameter]:
        """The weights that learn."""
        return (weight for weight in self.parameters() if weight.requires_grad)

    def tokens(self, texts: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor, Tensor]:
        """Token vectors `[n, t, h]`, the attention mask, and which tokens are of the text proper."""
        read = self.tokenizer(list(texts), truncation=True, max_length=max_tokens)["input_ids"]
        lengths = torch.tensor([len(ids) for ids in read])
        longest = int(lengths.max())
        order = torch.argsort(lengths, stable=True).tolist()
        pieces: list[Tensor] = []
        # a question must not be read at the length of a long notice: those of like length go together
        for start in range(0, len(order), READ_TOGETHER):
            chosen = order[start : start + READ_TOGETHER]
            padded = self.tokenizer.pad({"input_ids": [read[at] for at in chosen]}, return_tensors="pt")
            hidden = self.encoder(**padded).last_hidden_state.float()
            pieces.append(functional.pad(hidden, (0, 0, 0, longest - hidden.shape[1])))
        back = torch.argsort(torch.tensor(order))
        mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
        return torch.cat(pieces)[back], mask, mask.float()

    def forward(self, texts: Sequence[str], prefix: str, max_tokens: int) -> Vectors:
        """Vectors of texts, each read after `prefix`."""
        hidden, mask, counted = self.tokens([prefix + text for text in texts], max_tokens)
        before = (
            1 + len(self.tokenizer(prefix.strip(), add_special_tokens=False)["input_ids"]) if prefix else 1
        )
        counted[:, :before] = 0
        counted[torch.arange(len(texts)), mask.sum(dim=1) - 1] = 0
        weights = mask.float()[..., None]
        pooled = functional.normalize((hidden * weights).sum(dim=1) / weights.sum(dim=1), dim=-1)
        # neighbours are of the text proper, as they are when the text is stored
        late, salience = self.head(hidden[:, before:], counted[:, before:])
        return Vectors(pooled, late, salience)


def joined(texts: Sequence[Vectors]) -> Vectors:
    """Vectors of batches of one text each as those of one batch, padded to the longest."""
    longest = max(own.late.shape[1] for own in texts)
    return Vectors(
        torch.cat([own.pooled for own in texts]),
        torch.cat([functional.pad(own.late, (0, 0, 0, longest - own.late.shape[1])) for own in texts]),
        torch.cat([functional.pad(own.weights, (0, longest - own.weights.shape[1])) for own in texts]),
    )


def late_scores(anchors: Vectors, candidates: Vectors) -> Tensor:
    """`float32[a, c]`: the mean over both directions of the weighted best cosine of each vector."""
    cosines = torch.einsum("ate,cue->acut", anchors.late, candidates.late)
    there = anchors.weights[:, None, None, :] > 0
    here = candidates.weights[None, :, :, None] > 0
    # a vector of padding is nobody's best
    forward = cosines.masked_fill(~here, -1).amax(dim=2)
    backward = cosines.masked_fill(~there, -1).amax(dim=3)
    one = (forward * anchors.weights[:, None, :]).sum(dim=2)
    other = (backward * candidates.weights[None, :, :]).sum(dim=2)
    return (one + other) / 2
