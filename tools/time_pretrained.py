"""Time features of a pre-trained network on a CPU: as it is, in channels-last format, and with its norms folded in too.

    python tools/time_pretrained.py [CONFIG] [CKPT] [--repeats 5]

The three run in turn on the same batch of random pixels, with one thread and with two, so that what else the machine
does meets all of them alike; the values are medians over the repeats, and ratios those of the same repeat. Beside the
clock's time stands the processor's, which a busy machine changes less (with two threads it counts their waiting, too).
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
CLOCKS = dict(wall=time.perf_counter, processor=time.process_time)


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
            rates = {clock: {name: [] for name in backbones} for clock in CLOCKS}
            for _ in range(args.repeats):
                for name, backbone in backbones.items():
                    starts = {clock: read() for clock, read in CLOCKS.items()}
                    backbone(batches[name])
                    for clock, read in CLOCKS.items():
                        rates[clock][name].append(args.batch_size / (read() - starts[clock]))
            figures[f'threads_{threads}'] = {clock: {
                name: dict(images_per_second=round(statistics.median(values), 1), ratio=round(statistics.median(
                    ours / plain for ours, plain in zip(values, of_clock[PLAIN], strict=True)), 2))
                for name, values in of_clock.items()} for clock, of_clock in rates.items()}
    print(json.dumps(figures | environment(), indent=1))


if __name__ == '__main__':
    main()
