"""Time features of a pre-trained network on a CPU: as it is, in channels-last format, and with its norms folded in too.

    python tools/time_pretrained.py [CONFIG] [CKPT] [--repeats 5]

The three run in turn on the same batch of random pixels, with one thread and with two, so that what else the machine
does meets all of them alike; the values are medians over the repeats, and ratios those of the same repeat.
"""

import argparse
import copy
import json
import statistics
import time

import torch

from mmwsl.apis import load_config
from mmwsl.apis.build import build_model
from mmwsl.reporting.records import environment

PLAIN, LAST, FOLDED = 'plain', 'channels_last', 'channels_last, norms folded'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?', default='mmwsl::pretrained/efficientnet_lite0.py')
    parser.add_argument('checkpoint', nargs='?', default='pretrained:efficientnet_lite0')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--size', type=int, default=224)
    args = parser.parse_args()
    model, _ = build_model(load_config(args.config, {'data_preprocessor.channels_last': False}), args.checkpoint, 'cpu')
    backbones = {PLAIN: model.eval().backbone} | {name: copy.deepcopy(model.backbone) for name in (LAST, FOLDED)}
    backbones[FOLDED].fuse_norms()
    for name in (LAST, FOLDED):
        backbones[name].to(memory_format=torch.channels_last)
    images = torch.rand(args.batch_size, 3, args.size, args.size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    batches = {name: images if name == PLAIN else images.contiguous(memory_format=torch.channels_last)
               for name in backbones}
    figures = dict(batch_size=args.batch_size, size=args.size, repeats=args.repeats)
    with torch.inference_mode():
        expected = backbones[PLAIN](images)[-1].mean((2, 3))
        figures['largest_difference'] = {name: (backbone(batches[name])[-1].mean((2, 3)) - expected).abs().max().item()
                                         for name, backbone in backbones.items()}  # this warms up, too
        for threads in (1, 2):
            torch.set_num_threads(threads)
            rates = {name: [] for name in backbones}
            for _ in range(args.repeats):
                for name, backbone in backbones.items():
                    start = time.perf_counter()
                    backbone(batches[name])
                    rates[name].append(args.batch_size / (time.perf_counter() - start))
            figures[f'threads_{threads}'] = {
                name: dict(images_per_second=round(statistics.median(values), 1), ratio=round(statistics.median(
                    ours / plain for ours, plain in zip(values, rates[PLAIN], strict=True)), 2))
                for name, values in rates.items()}
    print(json.dumps(figures | environment(), indent=1))


if __name__ == '__main__':
    main()
