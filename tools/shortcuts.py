"""Which shortcuts does a pretext task take? Train, plant a shortcut in held-out images, take it away again.

Runs a suite (default ``configs/suites/shortcuts.py``) and adds to its records how often each network solves its pretext
task (protocol ``pretext``) under each of the suite's ``conditions``: on the test images as they are, with a shortcut
planted. The run's own counter-measure stays in force. May be stopped at any time and started again.

Usage: ``python tools/shortcuts.py --out work_dirs/shortcuts [--suite CONFIG] [--only METHOD ...]``, or, for the
pictures of docs/shortcuts.md, ``python tools/shortcuts.py --pictures docs/images``.
"""

import os

os.environ.setdefault('GOMP_SPINCOUNT', '2000')  # as in mmwsl.cli

import argparse  # noqa: E402
import copy  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from mmwsl.apis import build_dataset, build_model, load_config, read_records, render_table, run_suite  # noqa: E402
from mmwsl.augment import (  # noqa: E402
    AberrationProjection,
    ChromaticAberration,
    ColorDropping,
    Coma,
    LensDistortion,
    RandomRadialGain,
    Vignetting,
)
from mmwsl.datasets import DigitScenes  # noqa: E402
from mmwsl.datasets.collate import collate_batch  # noqa: E402
from mmwsl.files import append_json_lines, write_atomically  # noqa: E402
from mmwsl.reporting.records import make_record  # noqa: E402


@torch.no_grad()
def pretext_accuracy(cfg, checkpoint, dataset, views, options=None):
    """Share in percent of the images of ``dataset`` whose puzzle the network solves.

    Args:
        cfg: the training's config.
        checkpoint: file, or ``'random'``.
        dataset: images, labelled or not.
        views: ops the images go through.
        options: overrides of the config, e.g. ``{'model.patch_size': 16}``.
    """
    cfg = copy.deepcopy(cfg)
    cfg.merge_from_dict({**(options or {}), 'data_preprocessor.views': [views]})
    model, _ = build_model(cfg, checkpoint)  # in eval mode: batch statistics as trained
    right = 0.0
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of the puzzles, the jitter and the views
        for batch in DataLoader(dataset, cfg.benchmark.batch_size, collate_fn=collate_batch):
            data = model.data_preprocessor(batch, training=True)
            result = model(data['inputs'], data['data_samples'], mode='loss')
            right += float(result['accuracy']) * len(batch['inputs'])
    return right / len(dataset)


def measure(suite, entry, seed, out):
    """Add the records of one run of the suite that are missing."""
    done = {record['metric'] for record in read_records(out / 'records.jsonl')
            if (record['method'], record['seed'], record['protocol']) == (entry.method, seed, 'pretext')}
    missing = {name: condition for name, condition in suite.conditions.items() if f'{name}_accuracy' not in done}
    if not missing:
        return
    cfg = load_config(entry.config, {**entry.get('options', {}), 'randomness.seed': seed})
    checkpoint = entry.get('checkpoint') or \
        out / 'runs' / f'{entry.method}-seed{seed}' / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    dataset = build_dataset(cfg.benchmark.test)
    for name, condition in missing.items():
        views = [*condition.get('views', []), *cfg.get('countermeasure', [])]
        value = pretext_accuracy(cfg, checkpoint, dataset, views, condition.get('options'))
        append_json_lines(out / 'records.jsonl', [make_record(
            suite=suite.suite, method=entry.method, config=entry.config.replace('mmwsl::', 'configs/'), seed=seed,
            dataset=cfg.benchmark.dataset, split='test', protocol='pretext', metric=f'{name}_accuracy',
            value=round(value, 4), encoder='whole model',
            settings=dict(condition, countermeasure=cfg.get('countermeasure', [])))])


def run(suite_file, out, only=None):
    """Run the suite, then measure what is missing; returns the table as Markdown."""
    run_suite(suite_file, out, only)
    suite, out = load_config(suite_file), Path(out)
    for entry in suite.runs:
        if only and entry.method not in only:
            continue
        for seed in entry.get('seeds', [0]):
            measure(suite, entry, seed, out)
    table = render_table(read_records(out / 'records.jsonl'))
    write_atomically(out / 'table.md', table)
    return table


def pictures(folder, scene=33, side=128, margin=4):
    """Write ``shortcuts_NAME.png``: the scene, the scene with the shortcut, and what counter-measures make of it."""
    strips = dict(
        aberration=(ChromaticAberration(0.1), AberrationProjection(), ColorDropping(), ColorDropping()),
        vignetting=(Vignetting(0.4), RandomRadialGain(3), RandomRadialGain(3), RandomRadialGain(3)),
        distortion=(LensDistortion(0.6), LensDistortion(0.6, inverse=True), LensDistortion(-0.25), LensDistortion(1.0)),
        coma=(Coma(0.15, samples=12),))
    image = DigitScenes(num_scenes=scene + 1, size=side, digit_scale=(0.6, 0.9))[scene]['inputs'][None] / 255
    for number, (name, (plant, *hide)) in enumerate(strips.items()):
        generator = torch.Generator().manual_seed(6 * number)
        planted = plant(image, generator)
        shown = [image, planted, *(op(planted, generator) for op in hide)]
        tiles = [(view[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy() for view in shown]
        gap = np.full((tiles[0].shape[0], margin, 3), 255, np.uint8)
        strip = np.hstack([part for tile in tiles for part in (tile, gap)][:-1])
        cv2.imwrite(str(Path(folder) / f'shortcuts_{name}.png'), strip[:, :, ::-1])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--suite', default='mmwsl::suites/shortcuts.py', help='suite config with `conditions`')
    parser.add_argument('--out', help='folder of records.jsonl, table.md and the runs')
    parser.add_argument('--only', nargs='+', metavar='METHOD', help='these methods only')
    parser.add_argument('--pictures', metavar='FOLDER', help='write the pictures of docs/shortcuts.md there')
    args = parser.parse_args(arguments)
    if not args.out and not args.pictures:
        parser.error('give --out or --pictures')
    if args.pictures:
        pictures(args.pictures)
    if args.out:
        print(run(args.suite, args.out, args.only), end='')


if __name__ == '__main__':
    sys.exit(main())
