"""Time YOLACT at batch 1 by part, against Mask R-CNN in the same run, and Fast against greedy NMS.

    python tools/time_yolact.py --threads 2 --json times.json

Weights are random: the time of the network does not depend on them, and the number of detections that masks are made
for is given. Each figure is the median of the repeats, in milliseconds, whose rows of different parts take turns.
"""

import argparse
import json
import platform
import statistics
import time

import torch

from mmwsl.apis import build_model, load_config
from mmwsl.ops import fast_nms, nms

CONFIGS = dict(yolact='mmwsl::supervised/instances/yolact550_r50_1xb8-step-800k_coco.py',
               mask_rcnn='mmwsl::benchmarks/detection/mask_rcnn_r50fpn_8xb2-step-90k_coco.py')


def random_boxes(count, height, width, generator):
    """Boxes (N, 4) within an image, with sides of a tenth to a half of it."""
    size = torch.tensor([width, height]) * (0.1 + 0.4 * torch.rand(count, 2, generator=generator))
    corner = torch.rand(count, 2, generator=generator) * (torch.tensor([width, height]) - size)
    return torch.cat([corner, corner + size], dim=1)


def median_times(parts, repeats, clock):
    """Median milliseconds of functions, name -> function, which take turns, after once each, by a clock in s."""
    times = {name: [] for name in parts}
    for number in range(repeats + 1):
        for name, function in parts.items():
            synchronize()
            start = clock()
            function()
            synchronize()
            if number:
                times[name].append(1000 * (clock() - start))
    return {name: round(statistics.median(each), 3) for name, each in times.items()}


def synchronize():
    """Wait for a GPU, where one is used."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def yolact_parts(model, image, detections, generator):
    """Functions of YOLACT's parts: backbone, neck, heads, prototypes, NMS, and masks of a number of detections."""
    size = tuple(image.shape[2:])
    maps = model.backbone(image)
    features = model.neck(maps)
    logits, deltas, values = model.head(features)
    prototypes, anchors = model.mask_branch(features[0]), model.head.anchors(features, size)
    scores = torch.randn(logits.shape[1:], generator=generator).to(image.device) * 3  # enough above the threshold
    parts = dict(backbone=lambda: model.backbone(image), neck=lambda: model.neck(maps),
                 heads=lambda: model.head(features), prototypes=lambda: model.mask_branch(features[0]),
                 nms=lambda: model.head.detect(scores, deltas[0], values[0], anchors, size))
    for count in detections:
        boxes = random_boxes(count, *size, generator).to(image.device)
        weights = torch.randn(count, model.mask_branch.num_values, generator=generator).to(image.device)
        parts[f'masks_{count}'] = lambda boxes=boxes, weights=weights: model.mask_branch.paste(
            weights, prototypes[0], boxes, size, size, size)
    return parts


def mask_rcnn_parts(model, image, detections, generator):
    """Functions of Mask R-CNN's parts: backbone, neck, proposals, box head with NMS, and masks of detections."""
    from mmwsl.models.supervised import paste_masks
    size = tuple(image.shape[2:])
    maps = model.backbone(image)
    features = model.neck(maps)
    proposals = [random_boxes(1000, *size, generator).to(image.device)]

    def boxes_of():
        regions = model.box_features(model.regions(features, proposals, model.region_size))
        return model.box_head.detect(*model.box_head(regions), proposals, [size])

    def masks_of(boxes):
        logits = model.mask_head(model.regions(features, [boxes], model.mask_head.size))
        return paste_masks(logits[:, 0].sigmoid(), boxes, *size)

    parts = dict(backbone=lambda: model.backbone(image), neck=lambda: model.neck(maps),
                 proposals=lambda: model.rpn_head.predict(features, [size]), boxes=boxes_of)
    for count in detections:
        boxes = random_boxes(count, *size, generator).to(image.device)
        parts[f'masks_{count}'] = lambda boxes=boxes: masks_of(boxes) if len(boxes) else None
    return parts


def whole(times, detections):
    """The sum of all parts with each number of detections."""
    rest = sum(value for name, value in times.items() if not name.startswith('masks_'))
    return {count: round(rest + times[f'masks_{count}'], 3) for count in detections}


def nms_times(repeats, clock, generator, boxes=600, classes=80):
    """Fast NMS of all classes at once against :func:`nms` called once a class on the best 200."""
    places, scores = random_boxes(boxes, 550, 550, generator), torch.rand(boxes, classes, generator=generator)

    def greedy():
        for label in range(classes):
            order = scores[:, label].topk(200).indices
            nms(places[order], scores[order, label], 0.5)

    def greedy_all():
        for label in range(classes):
            nms(places, scores[:, label], 0.5)

    parts = dict(fast=lambda: fast_nms(places, scores),
                 cross_class=lambda: fast_nms(places, scores, class_agnostic=True),
                 nms_once_a_class=greedy_all, nms_once_a_class_of_200=greedy)
    times = median_times(parts, repeats, clock)
    return dict(times, factor=round(times['nms_once_a_class'] / times['fast'], 2),
                factor_of_200=round(times['nms_once_a_class_of_200'] / times['fast'], 2))


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--detections', type=int, nargs='+', default=[0, 20, 100])
    parser.add_argument('--size', type=int, default=550, help="side of YOLACT's input, and of Mask R-CNN's square one")
    parser.add_argument('--large', type=int, nargs=2, default=[800, 1333], help="Mask R-CNN's own input")
    parser.add_argument('--only', nargs='+', choices=('nms', 'yolact', 'mask_rcnn', 'mask_rcnn_large'),
                        default=['nms', 'yolact', 'mask_rcnn', 'mask_rcnn_large'])
    parser.add_argument('--bf16', action='store_true', help='autocast to bfloat16')
    parser.add_argument('--contiguous', action='store_true', help='channels first, not last')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--json', help='file to write')
    parser.add_argument('--clock', choices=('wall', 'cpu'), default='wall',
                        help='cpu: time of all threads of this process, for a machine that others use too')
    args = parser.parse_args()
    clock = dict(wall=time.perf_counter, cpu=time.process_time)[args.clock]
    torch.set_num_threads(args.threads)
    generator = torch.Generator().manual_seed(0)
    result = dict(hardware=platform.processor() or platform.machine(), threads=args.threads, device=args.device,
                  torch=torch.__version__, repeats=args.repeats, bf16=args.bf16, channels_last=not args.contiguous,
                  clock=args.clock,
                  date=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
    if 'nms' in args.only:
        result['nms'] = nms_times(args.repeats, clock, generator)
    square = (args.size, args.size)
    padded = tuple(-(-side // 32) * 32 for side in square)
    large = tuple(-(-side // 32) * 32 for side in args.large)
    for name, kind, size in (('yolact', 'yolact', square), ('mask_rcnn', 'mask_rcnn', padded),
                             ('mask_rcnn_large', 'mask_rcnn', large)):
        if name not in args.only:
            continue
        model, _ = build_model(load_config(CONFIGS[kind]), 'random', args.device)
        order = torch.contiguous_format if args.contiguous else torch.channels_last
        model = model.to(memory_format=order)
        image = torch.rand(1, 3, *size, generator=generator).to(args.device, memory_format=order)
        make = yolact_parts if kind == 'yolact' else mask_rcnn_parts
        with torch.autocast(args.device.split(':')[0], torch.bfloat16, enabled=args.bf16):
            times = median_times(make(model, image, args.detections, generator), args.repeats, clock)
        result[name] = dict(size=list(size), milliseconds=times, whole=whole(times, args.detections))
    text = json.dumps(result, indent=2)
    print(text)
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as file:
            file.write(text + '\n')


if __name__ == '__main__':
    main()
