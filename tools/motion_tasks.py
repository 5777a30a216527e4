"""What the methods of motion learn on clips that are made on the fly, and what estimated flow is worth.

    python tools/motion_tasks.py --seeds 0 --work-dir work_dirs/motion_tasks --out records.jsonl
    python tools/motion_tasks.py --tasks flow clips next_frames --data data/video --out records.jsonl

The truth of clips is read by the measures alone. What a seed has trained before is not trained again. The
tasks of real pairs and clips need a folder with ``flow_pairs``, ``davis_car_shadow`` and ``ucf101_clips``.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from mmwsl.apis import GuidedMotion, build_dataset, build_model, evaluate, load_config, train
from mmwsl.apis.motion import iou_of_clicks
from mmwsl.apis.motion.guided import draw_arrows
from mmwsl.datasets import MotionClips, collate_batch, read_class_map, read_flow, read_image
from mmwsl.datasets.readers.clips import find_clips, read_frames
from mmwsl.evaluation.functional import end_point_error, flow_outliers
from mmwsl.files import append_json_lines, write_atomically
from mmwsl.flow import (
    consensus,
    draw_flow,
    estimate_flow,
    inside,
    motion_saliency,
    resize_flow,
    sparse_motion,
    warp,
    watershed_points,
)
from mmwsl.reporting.records import make_record

SUITE = 'motion'
ROOT = 'mmwsl::selfsup/'
CMP = ROOT + 'cmp/cmp_r18w4_1xb16-cos-6e_motionclips.py'
LIMBS = ROOT + 'cmp/cmp_r18w4_1xb16-cos-3e_motionlimbs.py'
PREDICTION = ROOT + 'flow_prediction/flow_prediction_r18w4_1xb32-cos-5e_motionclips.py'
FOREGROUND = ROOT + 'moving_foreground/moving_foreground_r18w4_1xb32-cos-8e_motionclips.py'
CROSS_PIXEL = ROOT + 'cross_pixel/cross_pixel_r18w4_1xb32-cos-5e_shapes.py'
PAIRS = {'RubberWhale': ('middlebury_rubberwhale', 'frame10.png', 'frame11.png', 'flow10.flo'),
         'KITTI pair': ('kitti_pair', 'frame1.png', 'frame2.png', 'flow_gt.png'),
         'FlyingChairs 0': ('flyingchairs_pairs', '0img0.ppm', '0img1.ppm', '0flow.flo'),
         'FlyingChairs 1': ('flyingchairs_pairs', '1img0.ppm', '1img1.ppm', '1flow.flo')}
POINTS = (0, 1, 3, 6)
CLICKS = 3
SEEN = 40  # pixels of what is clicked at least


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tasks', nargs='+', choices=TASKS, default=[name for name in TASKS if name not in REAL])
    parser.add_argument('--seeds', nargs='+', type=int, default=[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/motion_tasks'))
    parser.add_argument('--data', type=Path, help='folder of real pairs and clips')
    parser.add_argument('--out', type=Path, help='file of records to append to')
    parser.add_argument('--picture', type=Path, help='only draw, into this file: what CMP of the first seed does')
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.picture:
        draw(args.picture, trained(CMP, args.seeds[0], args.work_dir / 'cmp'))
        return
    for task in args.tasks:
        if task in REAL and args.data is None:
            parser.error(f'{task} needs --data, a folder of real pairs and clips')
        for seed in args.seeds[:1] if task in REAL else args.seeds:
            for fields, values in TASKS[task](seed, args):
                print(f'seed {seed}, {fields["method"]}, {fields["dataset"]}: '
                      + ', '.join(f'{metric} {value:.3f}' for metric, value in values.items()), flush=True)
                if args.out:
                    append_json_lines(args.out, [
                        make_record(suite=SUITE, seed=seed, metric=metric, value=round(float(value), 4), **fields)
                        for metric, value in values.items()])


def trained(config, seed, work_dir, options=None):
    """The last checkpoint of a training, which is done where it is missing."""
    options = {'randomness.seed': seed, 'train_dataloader.dataset.clips.seed': 100 + seed, **(options or {})}
    cfg = load_config(config, options)
    work_dir = work_dir.with_name(f'{work_dir.name}-seed{seed}')
    last = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not last.is_file():
        train(cfg, work_dir=work_dir, overwrite=True)
    return last


def named(method, dataset, protocol, config=None, split='test'):
    return dict(method=method, config=Path(config).name if config else None, dataset=dataset, split=split,
                protocol=protocol)


def iou(mask, truth):
    return (mask & truth).sum() / max((mask | truth).sum(), 1)


def otsu(values):
    """Mask of (H, W) in [0, 1] by Otsu's threshold."""
    return cv2.threshold((255 * values).astype(np.uint8), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1] > 0


# -- each task yields fields of records, and dict of values

def flow(seed, args):
    """End-point error and outliers on real pairs, and how much of the next frame is explained."""
    for name, (folder, *files, truth) in PAIRS.items():
        first, second = (read_image(args.data / 'flow_pairs' / folder / each) for each in files)
        true = read_flow(args.data / 'flow_pairs' / folder / truth)
        for method in ('still', 'dis', 'dis_fast', 'farneback'):
            found = np.zeros_like(true) if method == 'still' else estimate_flow(first, second, method)
            counted = inside(found) & np.isfinite(true).all(-1)
            yield named(method, name, 'flow', split='all'), dict(
                end_point_error=end_point_error(found, true), outliers=100 * flow_outliers(found, true),
                warped_difference=np.abs(warp(second, found).astype(float) - first)[counted].mean())


def real_clip(seed, args):
    """IoU in percent of the moving region with the true mask of a real clip."""
    folder = args.data / 'davis_car_shadow'
    frames = list(read_frames(folder / 'JPEGImages' / '480p' / 'car-shadow'))
    masks = sorted(folder.joinpath('Annotations').rglob('*.png'))
    truths = [read_class_map(path) > 0 for path in masks][:len(frames) - 1]
    flows = [estimate_flow(*pair) for pair in zip(frames, frames[1:], strict=False)]
    votes = consensus(frames[:-1], flows)
    for method, found in (('raw_threshold', [raw_threshold(each) for each in flows]),
                          ('saliency', [otsu(motion_saliency(each)) for each in flows]),
                          ('consensus', votes > 0.5)):
        yield named(method, 'DAVIS car-shadow', 'moving', split='all'), dict(
            iou=100 * np.mean([iou(*pair) for pair in zip(found, truths, strict=True)]))



def next_frames(seed, args):
    """How far flow explains the second frame of real clips of one action."""
    pairs = [list(read_frames(clip, most=2)) for clip in find_clips(args.data / 'ucf101_clips')]
    for method in ('still', 'dis', 'dis_fast', 'farneback'):
        found = [second if method == 'still' else warp(second, estimate_flow(first, second, method))
                 for first, second in pairs]
        yield named(method, 'UCF101 clips', 'flow', split='all'), dict(warped_difference=np.mean([
            np.abs(each.astype(float) - first).mean() for each, (first, _) in zip(found, pairs, strict=True)]))


def raw_threshold(flow):
    length = np.linalg.norm(flow, axis=-1)
    return otsu(length / max(length.max(), 1e-6))


def consensus_masks(seed, args, count=30):
    """The same on clips of a shape before a ground that the camera moves over."""
    data = MotionClips(kind='colored', num_clips=count, clip_length=5, camera=0.03, speed=(0.03, 0.06), seed=seed,
                       supervision='full')
    found = {'raw_threshold': [], 'saliency': [], 'consensus': []}
    for position in range(count):
        item = data[position]
        frames = list(item['inputs'].permute(0, 2, 3, 1).numpy())
        doubled = [cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for frame in frames]
        flows = [resize_flow(estimate_flow(*pair), 64, 64) for pair in zip(doubled, doubled[1:], strict=False)]
        votes, truths = consensus(frames[:-1], flows, pieces=100), item['data_samples'].gt_mask[:-1].numpy() > 0
        for vote, each, truth in zip(votes, flows, truths, strict=True):
            found['raw_threshold'].append(iou(raw_threshold(each), truth))
            found['saliency'].append(iou(otsu(motion_saliency(each)), truth))
            found['consensus'].append(iou(vote > 0.5, truth))
    for method, values in found.items():
        yield named(method, 'MotionClips', 'moving', split='train'), dict(iou=100 * np.mean(values))


def prediction(seed, args):
    """Motion predicted from a still: where the hue tells the direction, and where it does not."""
    for method, tells in (('flow_prediction', True), ('flow_prediction_ambiguous', False)):
        options = {f'{part}.dataset.clips.hue_tells': tells for part in ('train_dataloader', 'test_dataloader')}
        last = trained(PREDICTION, seed, args.work_dir / method, options)
        values = evaluate(load_config(PREDICTION, {**options, 'test_dataloader.dataset.clips.seed': seed}), last)
        yield (named(method, 'MotionClips', 'flow', PREDICTION),
               {key.rpartition('/')[2]: value for key, value in values.items()})


def foreground(seed, args):
    """IoU on still frames, of the network and of what stands out from the border's color."""
    last = trained(FOREGROUND, seed, args.work_dir / 'moving_foreground')
    cfg = load_config(FOREGROUND, {'test_dataloader.dataset.clips.seed': seed})
    model, _ = build_model(cfg, last, whole=True)
    data = build_dataset(cfg.test_dataloader.dataset)
    ours, baseline = [], []
    for start in range(0, len(data), 50):
        items = [data[position] for position in range(start, min(start + 50, len(data)))]
        for item, sample in zip(items, model.test_step(collate_batch(items)), strict=True):
            truth = item['data_samples'].gt_mask.numpy() > 0
            ours.append(iou(sample.pred_mask.cpu().numpy() > 0, truth))
            baseline.append(iou(static_saliency(item['inputs'].permute(1, 2, 0).numpy()), truth))
    for method, values, config in (('moving_foreground', ours, FOREGROUND), ('static_saliency', baseline, None)):
        yield named(method, 'MotionClips', 'still_foreground', config), dict(iou=100 * np.mean(values))


def static_saliency(image):
    """What differs from the median color of the border, by Otsu's threshold."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    edge = np.concatenate([lab[:4].reshape(-1, 3), lab[-4:].reshape(-1, 3), lab[:, :4].reshape(-1, 3),
                           lab[:, -4:].reshape(-1, 3)])
    distance = np.linalg.norm(lab - np.median(edge, axis=0), axis=-1)
    return otsu(distance / max(distance.max(), 1e-6))


def propagation(seed, args, count=100):
    """End-point error against points of guidance."""
    last = trained(CMP, seed, args.work_dir / 'cmp')
    network = GuidedMotion(CMP, last, device='cpu')
    data = MotionClips('test', num_clips=count, seed=seed, supervision='full')
    rng = np.random.default_rng(seed)
    errors, still = {points: [] for points in POINTS}, []
    for position in range(count):
        item = data[position]
        true = item['data_samples'].gt_flow[0].permute(1, 2, 0).numpy()
        moving = np.linalg.norm(true, axis=-1) >= 0.5
        if not moving.any():
            continue
        still.append(end_point_error(np.zeros_like(true), true, moving))
        points = rng.permutation([each for each in watershed_points(true, 9, rng) if moving[each[1], each[0]]])
        points = points if len(points) else np.argwhere(moving)[:1, ::-1]
        images = network.model.data_preprocessor(dict(inputs=item['inputs'][:1]), False)['inputs']
        told = torch.from_numpy(np.stack([sparse_motion(true, points[:number].reshape(-1, 2)) for number in POINTS]))
        for number, found in zip(POINTS, network.model.propagate(images.expand(len(POINTS), -1, -1, -1), told),
                                 strict=True):
            errors[number].append(end_point_error(found.permute(1, 2, 0).numpy(), true, moving))
    yield named('cmp', 'MotionClips', 'propagation', CMP), {
        'end_point_error_still': np.mean(still),
        **{f'end_point_error_{points}': np.mean(values) for points, values in errors.items()}}


def clicks(seed, args, count=30):
    """IoU in percent against clicks: with figures that travel as one, and with a limb of those that may turn."""
    wanted = dict(figure=(dict(travelling=1.0, moving=0.0), lambda sample: sample.gt_mask[0] > 0),
                  limb=({}, lambda sample: sample.gt_instance_masks[0, 1]))
    last = trained(CMP, seed, args.work_dir / 'cmp')
    limbs = trained(LIMBS, seed, args.work_dir / 'cmp_limbs', dict(load_from=str(last)))
    for method, config, checkpoint, number in (('cmp', CMP, last, count), ('cmp_limbs', LIMBS, limbs, count),
                                               ('random', CMP, 'random', count // 2)):
        network = GuidedMotion(config, checkpoint, device='cpu')
        for part, (settings, mask_of) in wanted.items():
            data = MotionClips('test', num_clips=number, seed=seed + 50, supervision='full', **settings)
            items = [data[position] for position in range(number)]
            values = [iou_of_clicks(network, item['inputs'][0].permute(1, 2, 0).numpy(), mask.numpy(), CLICKS)
                      for item, mask in ((item, mask_of(item['data_samples'])) for item in items)
                      if mask.sum() >= SEEN]
            yield named(method, 'MotionClips', f'clicks_{part}', config), {
                f'iou_{after}': 100 * value for after, value in enumerate(np.mean(values, axis=0), start=1)}


def cross_pixel(seed, args):
    """Alignment of the two kernels on clips that were not learnt from, trained and not."""
    last = trained(CROSS_PIXEL, seed, args.work_dir / 'cross_pixel')
    cfg = load_config(CROSS_PIXEL, {'randomness.seed': seed, 'train_dataloader.dataset.clips.split': 'test',
                                    'train_dataloader.dataset.clips.num_images': 100})
    data = build_dataset(cfg.train_dataloader.dataset)
    for method, checkpoint in (('random', 'random'), ('cross_pixel', last)):
        model, _ = build_model(cfg, checkpoint, whole=True)
        torch.manual_seed(seed)
        with torch.no_grad():
            parts = [range(start, min(start + 50, len(data))) for start in range(0, len(data), 50)]
            logs = [model(**model.data_preprocessor(data.__getitems__(part), True), mode='loss') for part in parts]
        yield named(method, 'Shapes', 'kernels', CROSS_PIXEL), {
            metric: np.mean([float(log[metric]) for log in logs]) for metric in ('alignment', 'loss')}


def draw(file, checkpoint, rows=4, enlarge=3):
    """Rows: a figure with an arrow, the flow that it asks for, the last of the guided frames, a mask by one click."""
    network, strips = GuidedMotion(CMP, checkpoint, device='cpu'), []
    data = MotionClips('test', num_clips=3 * rows, seed=50, limbs=(2, 3), travelling=0.0, supervision='full')
    for position in range(3 * rows):
        item = data[position]
        sample, image = item['data_samples'], item['inputs'][0].permute(1, 2, 0).numpy()
        limb, true = sample.gt_instance_masks[0, 1].numpy(), sample.gt_flow[0].permute(1, 2, 0).numpy()
        speed = np.linalg.norm(true, axis=-1) * limb
        if limb.sum() < 40 or speed.max() < 1 or len(strips) == rows:
            continue
        y, x = np.unravel_index(int(speed.argmax()), speed.shape)
        arrows = [[x, y, *(2 * true[y, x])]]
        frames = network.frames(image, arrows, 4)
        ys, xs = np.nonzero(limb)
        middle = np.abs(np.stack([xs - xs.mean(), ys - ys.mean()])).sum(0).argmin()
        mask = network.cut_out(image, [(xs[middle], ys[middle])])
        cut = np.where(mask[..., None], image, image // 3 + 170)
        cut[ys[middle], xs[middle]] = (255, 0, 0)

        def larger(picture):
            return np.repeat(np.repeat(picture, enlarge, 0), enlarge, 1)
        shown = draw_arrows(larger(image), np.array(arrows) * enlarge)
        strips.append(np.concatenate([shown, larger(draw_flow(network.flow(image, arrows))), larger(frames[-1]),
                                      larger(cut.astype(np.uint8))], axis=1))
    picture = cv2.cvtColor(np.concatenate(strips), cv2.COLOR_RGB2BGR)
    write_atomically(file, cv2.imencode(file.suffix, picture)[1].tobytes())


TASKS = dict(flow=flow, clips=real_clip, next_frames=next_frames, consensus=consensus_masks, prediction=prediction,
             propagation=propagation, clicks=clicks, foreground=foreground, cross_pixel=cross_pixel)
REAL = ('flow', 'clips', 'next_frames')

if __name__ == '__main__':
    main()
