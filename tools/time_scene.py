"""Time what taking a scene apart costs, of random ellipses: order and whole shapes, all of it with OpenCV in-painting
of what is hidden, and three changes; and peak memory.

    python tools/time_scene.py mmwsl::scenes/pcnet_m/pcnet_m_unet8_1xb64-cos-8e_digitscenes.py --objects 50

The network has random weights, which cost as much as trained ones.
"""

import argparse
import json
import resource
import time

import numpy as np
import torch

from mmwsl.apis import load_config
from mmwsl.apis.build import build_model
from mmwsl.apis.scenes import decompose, rearrange
from mmwsl.files import check_writable, write_atomically
from mmwsl.ops.occlusion import in_contact
from mmwsl.reporting.records import environment
from mmwsl.structures import DataSample


def random_scene(count, height, width, seed=0):
    """Visible parts bool (N, height, width) of ellipses in random places, each above those before it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    masks = np.zeros((count, height, width), dtype=bool)
    for number in range(count):
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        a, b = rng.uniform(height / 16, height / 5, 2)
        masks[number] = ((rows - y) / a)**2 + ((columns - x) / b)**2 <= 1
        masks[:number] &= ~masks[number]
    return masks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='of a PCNetM')
    parser.add_argument('--objects', type=int, default=50)
    parser.add_argument('--size', type=int, nargs=2, default=(480, 640), metavar=('HEIGHT', 'WIDTH'))
    parser.add_argument('--json', help='file for the figures')
    args = parser.parse_args()
    if args.json:
        check_writable(args.json)
    torch.manual_seed(0)
    model, _ = build_model(load_config(args.config), device='cpu', whole=True)
    masks = random_scene(args.objects, *args.size)
    image = np.random.default_rng(0).integers(0, 256, (*args.size, 3), dtype=np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with torch.no_grad():
        model(torch.zeros(1, 3, 1, 1), [DataSample(gt_instance_masks=torch.from_numpy(masks))], mode='predict')
    shapes = time.process_time() - start
    start = time.process_time()
    layers = decompose(image, masks, model)
    apart = time.process_time() - start
    start = time.process_time()
    rearrange(layers, [('shift', (0, 20, 0)), ('front', (1,)), ('delete', (2,))])
    anew = time.process_time() - start
    found = dict(config=args.config, objects=args.objects, height=args.size[0], width=args.size[1],
                 pairs=int(in_contact(masks).sum()) // 2, processor_seconds_shapes=round(shapes, 2),
                 processor_seconds_apart=round(apart, 2), processor_seconds_anew=round(anew, 2),
                 mebibytes_before=before // 1024,
                 mebibytes_peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **environment())
    print(json.dumps(found, indent=2))
    if args.json:
        write_atomically(args.json, json.dumps(found, indent=2) + '\n')


if __name__ == '__main__':
    main()
