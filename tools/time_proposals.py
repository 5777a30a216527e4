"""Time the methods of ``mmwsl proposals`` on photos of VOC2007, and measure their recall, in one process on one thread.

    python tools/time_proposals.py data/VOCdevkit/VOC2007 --split val --count 100 --out records.jsonl

The photos are evenly spaced over the list; each goes through every method in turn, so that what else the machine does
slows all of them. Ctrl-C ends with the figures of the photos so far. Methods that need OpenCV's contrib build are left
out, by name, where it is not installed. Recall is in percent of the objects that are not marked difficult.
"""

import argparse
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
from mmwsl.files import append_json_lines, read_lines
from mmwsl.progress import progress_bar
from mmwsl.reporting.records import make_record

COUNTS, THRESHOLDS = (100, 500, 1000, 2000), (0.5, 0.7, 0.9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', type=Path, help='folder with JPEGImages, Annotations and ImageSets')
    parser.add_argument('--split', default='val', help='their list, ImageSets/Main/SPLIT.txt (default: %(default)s)')
    parser.add_argument('--count', type=int, default=100, help='photos of it (default: %(default)s)')
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--out', type=Path, help='file of records to append to, one a method and metric')
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
    names = read_lines(args.root / 'ImageSets' / 'Main' / f'{args.split}.txt')
    spaced = np.linspace(0, len(names) - 1, min(args.count, len(names)))
    names = [names[number] for number in spaced.round().astype(int)]
    found, wall, busy = ({name: [] for name in methods} for _ in range(3))
    truths = []
    stopped = []
    signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    for photo in progress_bar(names, 'photos'):
        if stopped:
            break
        objects = read_voc_xml(args.root / 'Annotations' / f'{photo}.xml')
        truths.append(objects['boxes'][~objects['difficult']])
        image = read_image(args.root / 'JPEGImages' / f'{photo}.jpg')
        for name in methods:
            start, cpu = time.perf_counter(), time.process_time()
            found[name].append(METHODS[name](image)[0])
            wall[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - cpu)
    objects = sum(map(len, truths))
    print(f'{len(truths)} photos, {objects} objects')
    for name in methods:
        values = dict(photos_per_second=1 / np.mean(wall[name]), photos_per_cpu_second=1 / np.mean(busy[name]),
                      boxes=np.mean([*map(len, found[name])]))
        recall = 100 * proposal_recall(found[name], truths, COUNTS, THRESHOLDS)
        for count, row, mean in zip(COUNTS, recall, average_recall(found[name], truths, COUNTS), strict=True):
            for iou, value in zip(THRESHOLDS, row, strict=True):
                values[f'recall_{count}_iou{round(100 * iou)}'] = value
            values[f'average_recall_{count}'] = 100 * mean
        print(f'{name}:\n' + '\n'.join(f'  {metric}: {value:.2f}' for metric, value in values.items()))
        if args.out:
            settings = dict(photos=len(truths), objects=objects)
            append_json_lines(args.out, [
                make_record(suite='proposals', method=name, dataset='VOC2007', split=args.split, protocol='proposals',
                            metric=metric, value=round(float(value), 4), settings=settings, seconds=sum(wall[name]))
                for metric, value in values.items()])


if __name__ == '__main__':
    main()
