"""Time the dense CRF on photos of VOC2007, and measure how well the lattice agrees with other solvers, in one process.

    python tools/time_dense_crf.py data/VOCdevkit/VOC2007 --count 20 --out records.jsonl

Photos are evenly spaced over SegmentationClass. The maps to be refined are made from their labels: probabilities .7
of the label, blurred by 8 pixels, and noise. Each photo is refined by the lattice and, where it is installed (``pip
install pydensecrf2``), by pydensecrf, one after the other, so that what else the machine does slows both; and at 60 x
80 pixels by the lattice and the exact form. Agreement is the share of pixels, in percent, in which two solvers give the
same class. Memory is the lattice's on the first photo, above what the process held before. Ctrl-C ends with the figures
of the photos so far.
"""

import argparse
import importlib.util
import resource
import signal
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from mmwsl.files import append_json_lines
from mmwsl.progress import progress_bar
from mmwsl.refine import PRESETS, dense_crf, label_probabilities
from mmwsl.reporting.records import make_record

NUM_CLASSES = 21


def read_photo(root, name, seed):
    """A photo (H, W, 3) uint8 and the maps (21, H, W) that stand for what a network says of it."""
    labels = torch.from_numpy(np.asarray(Image.open(root / 'SegmentationClass' / f'{name}.png')).astype(np.int64))
    image = np.array(Image.open(root / 'JPEGImages' / f'{name}.jpg').convert('RGB'))
    maps = np.stack([cv2.GaussianBlur(each, (0, 0), 8) for each in label_probabilities(labels, NUM_CLASSES).numpy()])
    noise = torch.rand(maps.shape, generator=torch.Generator().manual_seed(seed))
    maps = torch.from_numpy(maps) + 0.3 * noise**4
    return torch.from_numpy(image), maps / maps.sum(0)


def pydensecrf_solver(image, maps, spatial_std, spatial_weight, position_std, color_std, bilateral_weight,
                      num_iterations):
    """What :func:`mmwsl.refine.dense_crf` does, by the public package: (C, H, W)."""
    from pydensecrf.densecrf import DenseCRF2D
    classes, height, width = maps.shape
    crf = DenseCRF2D(width, height, classes)
    crf.setUnaryEnergy(-maps.clamp(min=1e-5).log().reshape(classes, -1).numpy())
    crf.addPairwiseGaussian(sxy=spatial_std, compat=spatial_weight)
    crf.addPairwiseBilateral(sxy=position_std, srgb=color_std, rgbim=image.numpy(), compat=bilateral_weight)
    return torch.from_numpy(np.array(crf.inference(num_iterations))).view(classes, height, width)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', type=Path, help='folder with JPEGImages and SegmentationClass')
    parser.add_argument('--count', type=int, default=20, help='photos of it (default: %(default)s)')
    parser.add_argument('--preset', choices=PRESETS, default='seam', help='settings (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=2, help='of torch (default: %(default)s)')
    parser.add_argument('--out', type=Path, help='file of records to append to, one a method and metric')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    settings, values = PRESETS[args.preset], {}
    solvers = {'lattice': dense_crf}
    if importlib.util.find_spec('pydensecrf'):
        solvers['pydensecrf'] = pydensecrf_solver
    else:
        print('pydensecrf: left out: it is not installed (pip install pydensecrf2)')
    names = sorted(path.stem for path in (args.root / 'SegmentationClass').glob('*.png'))
    if not names:
        parser.error(f'{args.root / "SegmentationClass"} has no *.png')
    spaced = np.linspace(0, len(names) - 1, min(args.count, len(names))).round().astype(int)
    names = [names[number] for number in spaced]
    start = time.perf_counter()

    def add(method, metric, value):
        values.setdefault((method, metric), []).append(float(value))

    stopped = []
    signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    for seed, name in enumerate(progress_bar(names, 'photos')):
        if stopped:
            break
        image, maps = read_photo(args.root, name, seed)
        found = {}
        for method, solve in solvers.items():
            idle, wall, busy = resident_memory(), time.perf_counter(), time.process_time()
            found[method] = solve(image, maps, **settings)
            photos = maps[0].numel() / (500 * 375)  # times as if all were of this size
            add(method, 'seconds', (time.perf_counter() - wall) / photos)
            add(method, 'cpu_seconds', (time.process_time() - busy) / photos)
            if method == 'lattice' and not seed:
                add(method, 'peak_megabytes', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3 - idle)
        if 'pydensecrf' in found:
            classes = [each.argmax(0) for each in found.values()]
            add('lattice', 'agreement_with_pydensecrf', 100 * (classes[0] == classes[1]).double().mean())
        add('lattice', 'changed_pixels', 100 * (found['lattice'].argmax(0) != maps.argmax(0)).double().mean())
        small_image = torch.from_numpy(cv2.resize(image.numpy(), (80, 60), interpolation=cv2.INTER_AREA))
        small_maps = torch.nn.functional.interpolate(maps[None], (60, 80), mode='bilinear', antialias=True)[0]
        lattice, exact = (dense_crf(small_image, small_maps, method=method, **settings)
                          for method in ('lattice', 'exact'))
        add('lattice', 'agreement_with_exact_60x80', 100 * (lattice.argmax(0) == exact.argmax(0)).double().mean())
        add('lattice', 'largest_difference_from_exact_60x80', (lattice - exact).abs().max())
    shared = dict(suite='weak_segmentation', dataset='VOC2007', split='SegmentationClass', protocol='dense_crf',
                  seconds=time.perf_counter() - start)
    records = []
    for (method, metric), each in values.items():
        summary = {metric: statistics.median(each) if 'seconds' in metric else statistics.mean(each)}
        if metric.startswith('agreement'):
            summary[f'least_{metric}'] = min(each)
        for summarized, value in summary.items():
            print(f'{method}: {summarized}: {value:.4f}')
            used = dict(preset=args.preset, **settings, photos=len(each), classes=NUM_CLASSES, threads=args.threads)
            records.append(make_record(method=method, metric=summarized, value=round(value, 4), settings=used,
                                       **shared))
    if args.out:
        append_json_lines(args.out, records)


def resident_memory():
    """Memory of this process now, in megabytes."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1]) / 1e3
    raise RuntimeError('/proc/self/status has no VmRSS: the memory is measured on Linux only')


if __name__ == '__main__':
    main()
