"""A folder of photos explored: the stages in their order."""

import contextlib
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.config import load_config
from mmwsl.apis.explore import analysis, words
from mmwsl.apis.explore.accuracy import Judged, classify, make_folds, summarize
from mmwsl.apis.explore.labels import choose_labels, own_labels, split_tags
from mmwsl.apis.explore.network import (
    OWN_RECIPE,
    Network,
    compute_features,
    given_network,
    installed_network,
    random_floor,
)
from mmwsl.apis.explore.output import write_features, write_lists, write_summary
from mmwsl.apis.explore.photos import Photos, list_photos, read_photos
from mmwsl.apis.explore.pretrain import BATCH, METHODS, pretrain
from mmwsl.apis.explore.quiet import log_to
from mmwsl.apis.explore.stages import Stages, make_key
from mmwsl.apis.explore.tag_maps import draw_tag_maps
from mmwsl.apis.explore.tags import judge_tags, make_tag_folds, summarize_tags, tag_errors
from mmwsl.apis.own_data.photos import OwnPhotos, has_label_files, own_photos
from mmwsl.checkpoints.pretrained import INSTALL
from mmwsl.evaluation.functional import label_errors
from mmwsl.files import lock
from mmwsl.reporting.explore_page import write_explore_page

HISTOGRAMS, RANDOM = 'color histograms', 'random weights'
DOUBT = 0.5  # confidence from which a label is listed
LITTLE = ('a network that learned from these photos alone knows little: of 776 crops of VOC in 20 classes kNN told 24 '
          'percent by such a one, 13 by random weights, 22 by color histograms. Groups, map and odd ones follow colors '
          f'and shapes more than what is in the photos; one that learned from many images: {INSTALL}')
FEW = 200  # photos from which pre-training from nothing is tried unasked


def explore(photos: Path | str | None, out: Path | str, labels: Path | str | None = None, checkpoint: str | None = None,
            config: str | None = None, pretrain_method: str | None = None, epochs: int | None = None,
            groups: int | None = None, say: Callable[[str], object] = print, data: Path | str | None = None,
            data_format: str | None = None) -> dict[str, Any]:
    """Explore a folder of photos: groups, duplicates, odd ones, a map; with labels also accuracy and likely errors.

    The network is ``checkpoint`` (with ``config``), else the installed pre-trained one, else a small one that is
    pre-trained on the photos here. Every stage's result is kept in ``out``: what is stopped goes on from there, and
    what is done is not done again while files and settings are the same.

    Args:
        photos: the folder, searched at any depth. Where all photos lie in two class folders or more, these are labels.
            Labels in files, which ``data`` reads, are found without its being named.
        out: folder for the results.
        labels: CSV with the columns photo and label, in place of class folders; a photo may have several.
        checkpoint: file, ``pretrained:NAME`` or ``random``.
        config: that of the checkpoint.
        pretrain_method: adapt the network to the photos first: simclr, moco, byol, simsiam or barlow_twins.
        epochs: of that, or of the pre-training from nothing.
        groups: their number; None = that of the best silhouette.
        say: what is called with each line for the console.
        data, data_format: photos with labels in any form, in place of ``photos`` and ``labels``; see
            :func:`mmwsl.datasets.own.read_own_data`.

    Returns:
        dict: ``title``, ``summary`` (lines), ``command``, ``date``, ``network``, ``seconds`` (stage -> s), ``files`` (N
        paths below the folder), ``xy`` (N of [x, y]), ``groups`` (N numbers), ``group_list`` (id, size, typical,
        members), ``labels`` (N, or None), ``duplicates`` (lists of numbers), ``odd`` (photo, score), ``neighbors``
        (photo, neighbors), ``accuracy``, ``comparisons`` and ``label_errors`` (None without labels), ``tag_maps``
        (photo, tag, picture; None without labels or feature maps), ``checks`` (kind, photos; None if not done),
        ``skipped`` (file, reason).

    Raises:
        FileNotFoundError, ValueError: no folder, no photo, or settings that do not fit; said before anything long runs.
        BlockingIOError: another exploration writes to ``out``.
    """
    if epochs is not None and epochs < 1:
        raise ValueError(f'--epochs {epochs} is impossible; it must be 1 or more')
    out = Path(out)
    if (photos is None) == (data is None) or data is not None and labels is not None:
        raise ValueError('explore takes a folder of photos, perhaps with --labels, or --data PATH; give one of the two')
    if data is None and labels is None and not out.resolve().is_relative_to(Path(str(photos)).resolve()) \
            and has_label_files(str(photos)):
        data = photos
    own = None if data is None else own_photos(data, data_format)
    if own is None:
        names = list_photos(str(photos), out)
        choose_labels(names, labels)  # its errors now, not after an hour
    else:
        names = own.names
    network = given_network(checkpoint, config) if checkpoint else installed_network()
    if checkpoint is None and config is not None:
        raise ValueError('--config goes with --checkpoint; give both, or neither')
    if pretrain_method is not None and pretrain_method not in METHODS:
        raise ValueError(f'--pretrain {pretrain_method} is unknown; choose one of {", ".join(METHODS)}')
    kept = out / 'stages'
    kept.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(kept / 'lock', wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(f'another exploration writes to {out}; choose another --out, or wait for its end') \
                from error
        log = stack.enter_context(log_to(out / 'explore.log'))
        log.write(f'--- {time.strftime("%Y-%m-%d %H:%M:%S")} {shlex.join(sys.argv)}\n')

        def tell(line: str) -> None:
            say(line)
            log.write(line + '\n')
        stages = Stages(kept)
        try:
            root = Path(str(photos)) if own is None else own.root
            return _Exploration(root, out, stages, tell, groups, own).run(
                names, labels, network, pretrain_method, epochs, log)
        except (KeyboardInterrupt, SystemExit):
            tell(f'stopped at: {stages.running}. What is done is kept in {out}: the same command goes on from there')
            raise


class _Exploration:
    """The stages of one call of :func:`explore`, and what they share."""

    def __init__(self, root: Path, out: Path, stages: Stages, tell: Callable[[str], None], groups: int | None,
                 own: OwnPhotos | None) -> None:
        self.root, self.out, self.stages, self.tell, self.number, self.own = root, out, stages, tell, groups, own
        self.remarks: list[str] = []

    def run(self, names: list[str], labels_csv: Path | str | None, network: Network | None, method: str | None,
            epochs: int | None, log: Any) -> dict[str, Any]:
        """Every stage; see :func:`explore`."""
        photos = read_photos(self.root, names, self.stages)
        if self.own is None:
            labels, remarks, source = choose_labels(photos.names, labels_csv)
            tags = None if labels is None or labels_csv is None else split_tags(labels)
        else:
            labels, tags = own_labels(self.own, photos.names)
            remarks, source = self.own.remarks, self.own.form
        self.remarks += remarks
        known = {label for each in tags for label in each or ()} if tags is not None else set(labels or ()) - {None}
        self.tell(f'found:       {words.count(len(photos), "photos")} in {self.root}'
                  + (f', {words.count(len(photos.skipped), "files")} left out that cannot be read'
                     if photos.skipped else '')
                  + (f'; {len(known)} {"classes" if tags is None else "tags"} ({source})' if known else '; no labels'))
        networks = self._networks(photos, network, method, epochs, log)
        main = networks[0]
        self.tell(f'runs:        features by {main.name}, groups, duplicates, odd ones, map'
                  + (', accuracy, label errors' if known else ''))
        features = compute_features(main, 'features', photos.paths, photos.key, self.stages)
        key = make_key(photos.key, main.key())
        numbers, similarities = analysis.find_neighbors(features, key, self.stages)
        copies, exact = analysis.find_copies(photos, numbers, similarities)
        members, silhouettes = analysis.group(features, key, self.number, self.stages)
        xy = analysis.draw_map(features, key, self.stages)
        checks, missing = analysis.check_photos(photos, photos.key, self.stages)
        self.remarks += [missing] if missing else []
        groups = np.full(len(photos), -1)
        for index, each in enumerate(members):
            groups[each] = index
        findings: dict[str, Any] = dict(
            title=f'{self.root.resolve().name}: {words.count(len(photos), "photos")}', command=shlex.join(sys.argv),
            date=time.strftime('%Y-%m-%d %H:%M'), network=main.name, files=photos.names,
            xy=[[round(x, 4), round(y, 4)] for x, y in xy.tolist()], groups=groups.tolist(),
            group_list=[dict(id=index, size=len(each), typical=each[0], members=each)
                        for index, each in enumerate(members)],
            labels=labels, duplicates=copies, odd=analysis.find_odd(similarities),
            neighbors=[dict(photo=row, neighbors=near)
                       for row, near in enumerate(numbers[:, :analysis.SHOWN].tolist())],
            checks=checks, skipped=photos.skipped)
        findings |= self._judge(photos, labels, tags, copies, features, networks)
        findings['seconds'] = {name: round(value, 1) for name, value in self.stages.seconds.items()}
        findings['summary'] = words.summary(findings, silhouettes, main.history, self.remarks)
        self._write(findings, photos, features.numpy(), similarities, exact)
        return findings

    def _networks(self, photos: Photos, network: Network | None, method: str | None, epochs: int | None,
                  log: Any) -> list[Network]:
        """The network to use, and that which it was made from."""
        if network is not None and method is None:
            return [network]
        if network is None and method is None and len(photos) < max(FEW, BATCH):
            self.remarks.append(f'no pre-trained network is installed ({INSTALL}), and '
                                f'{words.count(len(photos), "photos")} are too few to learn one from: groups and odd '
                                'ones follow colors and coarse shapes, by random weights')
            return [random_floor(Network('', load_config(OWN_RECIPE), '', ''))]
        self.stages.running = 'pre-training'
        began = time.monotonic()
        if network is None:
            self.tell(f'             no pre-trained network is installed ({INSTALL}): a small one is '
                      'trained on these photos')
        trained = pretrain(self.root, len(photos), photos.key, self.out / 'pretraining', log, sys.stderr,
                           method or 'simclr', epochs, network, None if self.own is None else self.own.dataset)
        self.stages.seconds['pre-training'] = time.monotonic() - began
        if network is None:
            self.remarks.append(LITTLE)
            return [trained]
        return [trained, network]

    def _judge(self, photos: Photos, labels: list[str | None] | None, tags: list[tuple[str, ...] | None] | None,
               copies: list[list[int]], features: torch.Tensor, networks: list[Network]) -> dict[str, Any]:
        """Accuracy, comparisons, likely label errors and maps of the tags; None each where labels do not suffice."""
        nothing: dict[str, Any] = dict(accuracy=None, comparisons=None, label_errors=None, tag_maps=None)
        if labels is None:
            self.remarks.append('did it help? Not known without labels: give class folders, or --labels CSV')
            return nothing
        judged = make_folds(labels, copies) if tags is None else make_tag_folds(tags, copies)
        if judged is None:
            needed = 'two classes with three photos or more are' if tags is None else \
                'a tag that three photos have, and three have not, is'
            self.remarks.append(f'accuracy is not measured: {needed} needed')
            return nothing
        if judged.few:
            left_out = 'classes with fewer than three photos' if tags is None else \
                'tags that fewer than three photos have, or lack,'
            self.remarks.append(f'{len(judged.few)} {left_out} left out of the accuracy: '
                                f'{", ".join(judged.few)[:80]}')
        rows, floors = self._rows(photos, features, networks)
        key = make_key(photos.key, [network.key() for network in networks], labels, copies, tags is None)
        if any('with labels' in network.history for network in networks):
            self.remarks.append('the network saw labels before it saw these photos (ImageNet: a million): its accuracy '
                                'is not that of learning without labels')
        if isinstance(judged, Judged):
            kept = self.stages.run('accuracy', key, lambda: classify(rows, judged))
            accuracy, comparisons = summarize(kept['right'], judged, list(rows), floors)
            errors, names = self._errors(kept['probabilities'], judged), judged.classes
            present = np.where(judged.labels[:, None] < 0, -1, judged.labels[:, None] == np.arange(len(names)))
        else:
            kept = self.stages.run('accuracy', key, lambda: judge_tags(rows, judged))
            accuracy, comparisons = summarize_tags(kept['precision'], list(rows), floors)
            errors, names, present = tag_errors(kept['probabilities'], judged, DOUBT), judged.tags, judged.present
        return dict(accuracy=accuracy, comparisons=comparisons, label_errors=errors,
                    tag_maps=self._tag_maps(photos, features, networks[0], names, present, kept['probabilities'], key))

    def _tag_maps(self, photos: Photos, features: torch.Tensor, network: Network, names: list[str],
                  present: np.ndarray, scores: np.ndarray, key: str) -> list[dict[str, Any]] | None:
        """Where the tags are, by the network's feature maps; None where it has none, or has learned nothing."""
        if network.checkpoint == 'random':
            return None
        try:
            return draw_tag_maps(network, photos, features, names, present, scores, self.out, key, self.stages)
        except ValueError as error:
            self.remarks.append(str(error))
            return None

    def _rows(self, photos: Photos, features: torch.Tensor,
              networks: list[Network]) -> tuple[dict[str, torch.Tensor], list[str]]:
        """Features of each network by its name, the floors last, and the floors' names."""
        rows = {networks[0].name: features}
        for other in networks[1:]:
            rows[other.name] = compute_features(other, 'features_before', photos.paths, photos.key, self.stages)
        if networks[0].checkpoint != 'random':
            rows[RANDOM] = compute_features(random_floor(networks[0]), 'features_random', photos.paths, photos.key,
                                            self.stages)
        rows[HISTOGRAMS] = torch.from_numpy(photos.histograms)
        return rows, [name for name in rows if name in (RANDOM, HISTOGRAMS)]

    @staticmethod
    def _errors(probabilities: np.ndarray, judged: Judged) -> list[dict[str, Any]]:
        found = label_errors(probabilities, judged.labels, DOUBT)
        return [dict(photo=int(photo), given=judged.classes[judged.labels[photo]], suggested=judged.classes[suggested],
                     confidence=round(float(confidence), 3))
                for photo, suggested, confidence in zip(*found, strict=True)]

    def _write(self, findings: dict[str, Any], photos: Photos, features: np.ndarray, similarities: np.ndarray,
               exact: list[bool]) -> None:
        self.stages.running = 'writing'
        write_lists(self.out, findings, similarities, exact)
        files = ['index.html', 'summary.txt', *write_features(self.out, features, findings)]
        write_summary(self.out, findings)
        write_explore_page(findings, photos.thumbnails, self.out / 'index.html')
        for line in findings['summary']:
            self.tell(line)
        files += ['maps/'] if findings['tag_maps'] else []
        self.tell(f'wrote:       {self.out}: {", ".join(files)}, neighbors.csv, explore.log')
