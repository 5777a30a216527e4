"""Time the methods of ``mmwsl proposals`` on photos of VOC2007, and measure their recall, in one process on one thread.

    python tools/time_proposals.py data/VOCdevkit/VOC2007 --count 100 --json F.jsonl

The photos are evenly spaced over the list; each goes through every method in turn, so that what else the machine does
slows all of them. Ctrl-C ends with the figures of the photos so far. Methods that need OpenCV's contrib build are left
out, by name, where it is not installed.
"""

import argparse
import json
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from mmwsl.apis.proposals.make import METHODS
from mmwsl.datasets.readers import read_voc_xml
from mmwsl.datasets.transforms.decode import read_image
from mmwsl.evaluation.functional import average_recall, proposal_recall
from mmwsl.progress import progress_bar

COUNTS, THRESHOLDS = (100, 500, 1000, 2000), (0.5, 0.7, 0.9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', type=Path, help='folder with JPEGImages and Annotations')
    parser.add_argument('--count', type=int, default=100, help='photos')
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--json', type=Path, help='file of JSON lines to append to, one a method')
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    methods = []
    for name in args.methods:
        try:
            METHODS[name](np.zeros((32, 32, 3), np.uint8))
            methods.append(name)
        except ImportError as error:
            print(f'{name}: left out: {error}')
    photos = sorted((args.root / 'JPEGImages').glob('*.jpg'))
    photos = [photos[number] for number in np.linspace(0, len(photos) - 1, args.count).round().astype(int)]
    found, wall, busy = ({name: [] for name in methods} for _ in range(3))
    truths = []
    stopped = []
    signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    for path in progress_bar(photos, 'photos'):
        if stopped:
            break
        objects = read_voc_xml(args.root / 'Annotations' / f'{path.stem}.xml')
        truths.append(objects['boxes'][~objects['difficult']])
        image = read_image(path)
        for name in methods:
            start, cpu = time.perf_counter(), time.process_time()
            found[name].append(METHODS[name](image)[0])
            wall[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - cpu)
    print(f'{len(truths)} photos, {sum(map(len, truths))} objects')
    for name in methods:
        recall = proposal_recall(found[name], truths, COUNTS, THRESHOLDS)
        average = average_recall(found[name], truths, COUNTS)
        line = dict(method=name, photos=len(truths), seconds=np.mean(wall[name]), cpu_seconds=np.mean(busy[name]),
                    boxes=np.mean([*map(len, found[name])]),
                    recall={f'{count} at {iou}': recall[i, j] for i, count in enumerate(COUNTS)
                            for j, iou in enumerate(THRESHOLDS)},
                    average_recall=dict(zip(COUNTS, average, strict=True)))
        print(f'{name}: {1 / line["seconds"]:.2f} photos/s ({line["cpu_seconds"]:.2f} s of processor each), '
              f'{line["boxes"]:.0f} boxes')
        for count, row, mean in zip(COUNTS, recall, average, strict=True):
            print(f'  {count:>5} boxes: recall ' + ', '.join(f'{value:.3f} at IoU {iou}' for value, iou in
                                                         zip(row, THRESHOLDS, strict=True)) + f'; average {mean:.3f}')
        if args.json:
            with open(args.json, 'a', encoding='utf-8') as file:
                file.write(json.dumps(line) + '\n')


if __name__ == '__main__':
    main()
