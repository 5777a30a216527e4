"""Proposals of a file re-ranked by a network that knows where objects are."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.predictor import Predictor
from mmwsl.apis.proposals.make import finished, make_proposals
from mmwsl.checkpoints.read import checkpoint_file, checkpoint_hash
from mmwsl.datasets.photos import find_photos
from mmwsl.datasets.readers.proposals import Proposals, open_proposals, write_proposals
from mmwsl.files import check_writable
from mmwsl.ops.proposals import rerank
from mmwsl.progress import progress_bar

TOP = 20  # boxes of the network that count


def rerank_proposals(base: Proposals, found: Iterable[tuple[str, np.ndarray, np.ndarray]], top: int | None = TOP,
                     meta: dict[str, Any] | None = None) -> Proposals:
    """All proposals of ``base`` in a new order, with s' as scores; see :func:`mmwsl.ops.proposals.rerank`.

    Args:
        base: proposals of images.
        found: for each image its name, and a network's boxes (M, 4) and objectness (M,).
        top: so many of these count; None = all.
        meta: of the result.

    Raises:
        KeyError: an image of which ``base`` has none, or one of ``base`` that ``found`` lacks.
        ValueError: see :func:`mmwsl.ops.proposals.rerank`.
    """
    boxes: dict[int, np.ndarray] = {}
    scores: dict[int, np.ndarray] = {}
    for name, seen, objectness in found:
        number = base.position(name)
        own = slice(int(base.offsets[number]), int(base.offsets[number + 1]))
        order = np.argsort(-np.asarray(base.scores[own]), kind='stable')
        boxes[number], scores[number] = rerank(np.asarray(base.boxes[own])[order], seen, objectness, top)
    missing = [name for number, name in enumerate(base.ids) if number not in boxes]
    if missing:
        raise KeyError(f'{len(missing)} of {len(base)} images were not seen by the network, the first: {missing[0]}; '
                       'predict the images that the proposals are of')
    numbers = range(len(base))
    return Proposals.from_lists(base.ids, [boxes[each] for each in numbers], [scores[each] for each in numbers],
                                base.sizes, meta=meta)


def rerank_photos(photos: Sequence[Path | str], out: Path | str, config: Path | str, checkpoint: Path | str,
                  top: int | None = TOP, device: str | None = None, **settings: Any) -> Proposals:
    """Make proposals of photos and write them re-ranked by a :class:`ProposalNetwork`.

    Those in the order of before stand beside ``out``, in ``OUT.base``; after a stop the same call goes on there.

    Args:
        photos, settings: see :func:`make_proposals`.
        out: file to write. One that the same call has written is taken as it is.
        config, checkpoint, device: of the network, see :class:`mmwsl.apis.Predictor`.
        top: see :func:`rerank_proposals`.

    Returns:
        Proposals, memory-mapped.

    Raises:
        ValueError: a network that finds no boxes; see also :func:`make_proposals`.
        FileNotFoundError: no such photos, config or checkpoint.
        OSError: ``out`` cannot be written.
    """
    out = check_writable(out)
    weights = 'random' if checkpoint == 'random' else checkpoint_hash(checkpoint_file(checkpoint))
    predictor = Predictor(config, checkpoint, device)
    if not hasattr(predictor.model, 'rpn_head'):
        raise ValueError(f'{config} is a {type(predictor.model).__name__}, whose boxes re-rank nothing; give a '
                         'ProposalNetwork, for instance mmwsl::weaksup/detection/motion/...')
    base = make_proposals(photos, out.with_name(out.name + '.base'), **settings)
    errors = base.meta.get('errors', {})
    settings = dict(base.meta['settings'], rerank=dict(network=weights, top=top))
    if out.exists():
        return finished(out, [*base.ids, *errors], settings)

    def found() -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
        with progress_bar(total=len(base), description='re-rank', unit='photo') as bar:
            # what cannot be read has no proposals either
            for path, sample in predictor(find_photos(photos), left_out={}):
                yield str(path), sample.pred_boxes.cpu().numpy(), sample.pred_box_scores.cpu().numpy()
                bar.update()
    write_proposals(out, rerank_proposals(base, found(), top, dict(settings=settings, errors=errors)))
    return open_proposals(out)
