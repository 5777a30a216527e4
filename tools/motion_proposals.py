"""What motion is worth to detection from tags: boxes of what moves in clips, a network that learns them, proposals of
still scenes that it re-ranks, and detectors on these.

    python tools/motion_proposals.py --seeds 0 1 2 --work-dir work_dirs/motion --out records.jsonl

Nothing to download. Labels are read by the metrics alone, and the scenes' tags by the detectors. Each seed has scenes
and clips of its own; all detectors start from one network that tells single digits. What a seed has trained before is
not trained again. The detectors see the first proposals alone: of windows as they were (wsddn, oicr), and of the same
windows re-ranked (wsddn_motion, oicr_motion).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from mmwsl.apis import build_dataset, build_model, evaluate, load_config, train
from mmwsl.apis.proposals import rerank_proposals
from mmwsl.apis.proposals.rerank import TOP
from mmwsl.datasets import DigitScenes, MotionFrames, collate_list, frame_region
from mmwsl.datasets.readers.proposals import Proposals, write_proposals
from mmwsl.files import append_json_lines, write_atomically
from mmwsl.flow import draw_flow, estimate_flow, remove_camera
from mmwsl.ops import box_iou
from mmwsl.ops.proposals import rerank
from mmwsl.reporting.records import make_record
from mmwsl.visualization.overlays import overlay

ROOT = 'mmwsl::weaksup/detection/'
START = ROOT + 'start/start_r18w16_1xb64-cos-6e_digitscenes.py'
MOTION = ROOT + 'motion/motion_r18w16_1xb16-cos-3e_digitscenes.py'
DETECTORS = dict(wsddn=ROOT + 'wsddn/wsddn_motion_r18w16_1xb16-cos-3e_digitscenes.py',
                 oicr=ROOT + 'oicr/oicr_motion_r18w16_1xb16-cos-3e_digitscenes.py')
SUITE = 'motion_proposals'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/motion'))
    parser.add_argument('--out', type=Path, help='file of records to append to')
    parser.add_argument('--start-epochs', type=int, default=2,
                        help='of the network that the detectors start from (default: %(default)s)')
    parser.add_argument('--picture', type=Path,
                        help='only draw, into this file: what the network of the first seed learns from, and does')
    parser.add_argument('--detectors', nargs='+', choices=DETECTORS, default=list(DETECTORS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.picture:
        network = args.work_dir / f'seed{args.seeds[0]}' / 'network'
        draw(args.picture, *network_config(args.seeds[0], network), network)
        return
    start = trained(START, args.work_dir / 'start', {'train_cfg.max_epochs': args.start_epochs})
    for seed in args.seeds:
        run(seed, args.work_dir / f'seed{seed}', start, args.detectors, args.out)


def run(seed, folder, start, detectors, out):
    """Train and measure all of one seed."""
    cfg, options = network_config(seed, folder / 'network')
    network = trained(MOTION, folder / 'network', options)
    show(seed, 'motion', values := motion_boxes_quality(cfg))
    if out:
        append_json_lines(out, [make_record(
            suite=SUITE, method='motion', config=Path(MOTION).name, seed=seed, dataset='DigitScenes', split='train',
            protocol='motion_boxes', metric=metric, value=round(value, 4)) for metric, value in values.items()])
    show(seed, 'motion', evaluate(cfg, network, out, SUITE, 'motion'))
    files = {'': folder / 'windows.proposals', '_motion': folder / 'reranked.proposals'}
    if not all(file.is_file() for file in files.values()):
        write_files(cfg, network, load_config(DETECTORS['wsddn'], scene_options(seed, files[''])), *files.values())
    for detector in detectors:
        for suffix, file in files.items():
            name = detector + suffix
            options = {'randomness.seed': seed} | scene_options(seed, file)
            checkpoint = trained(DETECTORS[detector], folder / name, options | {'load_from': str(start)})
            cfg = load_config(DETECTORS[detector], options | {'work_dir': str(folder / name)})
            show(seed, name, evaluate(cfg, checkpoint, out, SUITE, name))


def network_config(seed, work_dir):
    """The proposal network's config for a seed, and the options that make it of the shipped one."""
    options = {'randomness.seed': seed, 'train_dataloader.dataset.clips.seed': 100 + seed,
               'test_dataloader.dataset.dataset.seed': seed, 'work_dir': str(work_dir)}
    return load_config(MOTION, options), options


def scene_options(seed, file):
    """Options of a detector's config: the scenes of a seed, and the file of their proposals."""
    return {f'{part}.dataset.{key}': value for part in ('train_dataloader', 'test_dataloader')
            for key, value in {'dataset.seed': seed, 'proposals': str(file)}.items()}


def trained(config, work_dir, options):
    """The last checkpoint of a training, which is done where it is missing."""
    cfg = load_config(config, options)
    last = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not last.is_file():
        train(cfg, work_dir=work_dir, overwrite=True)
    return last


def motion_boxes_quality(cfg, count=60):
    """Box IoU of the motion boxes of some clips, and the share of frames that have one, in percent."""
    clips = cfg.train_dataloader.dataset.clips.to_dict()
    clips.pop('type')
    found = MotionFrames(DigitScenes(**dict(clips, num_scenes=count)))
    labelled = DigitScenes(**dict(clips, num_scenes=count, supervision='boxes'))
    truths = [labelled[position]['data_samples'].gt_boxes.float() for position in range(count)]
    overlaps = torch.stack([box_iou(box, truths[clip][frame]).amax()
                            for box, (clip, frame) in zip(found.boxes, found.sources, strict=True)])
    return dict(box_iou=100 * float(overlaps.mean()), over_half=100 * float((overlaps >= 0.5).float().mean()),
                kept=100 * len(found) / found.seen)


@torch.no_grad()
def write_files(cfg, network, detector, base, reranked):
    """Write the windows of the scenes that a detector is trained on, and re-ranked by the network."""
    scenes = detector.train_dataloader.dataset.dataset
    windows = cfg.test_dataloader.dataset.to_dict() | dict(dataset=dict(scenes, supervision='none'))
    dataset, (model, _) = build_dataset(windows), build_model(cfg, network, whole=True)
    names, boxes, scores, found = [], [], [], []
    for start in range(0, len(dataset), 50):
        items = [dataset[position] for position in range(start, min(start + 50, len(dataset)))]
        for item, sample in zip(items, model.test_step(collate_list(items)), strict=True):
            names.append(str(int(sample.index)))
            boxes.append(item['data_samples'].proposals.numpy())
            scores.append(item['data_samples'].proposal_scores.numpy())
            found.append((names[-1], sample.pred_boxes.cpu().numpy(), sample.pred_box_scores.cpu().numpy()))
    made = Proposals.from_lists(names, boxes, scores)
    write_proposals(base, made)
    write_proposals(reranked, rerank_proposals(made, found))


@torch.no_grad()
def draw(file, cfg, options, work_dir, rows=4, shown=5, enlarge=3):
    """Rows of a frame with its motion box (red) and the truth (green), its flow, and a still scene with the first
    windows, and with the first after re-ranking."""
    clips = dict(cfg.train_dataloader.dataset.clips.to_dict(), num_scenes=rows, supervision='boxes')
    clips = DigitScenes(**{key: value for key, value in clips.items() if key != 'type'})
    scenes = build_dataset(cfg.test_dataloader.dataset)
    model, _ = build_model(cfg, trained(MOTION, work_dir, options), whole=True)
    strips = []
    for row in range(rows):
        frames = [np.repeat(np.repeat(frame, enlarge, 0), enlarge, 1)
                  for frame in clips[row]['inputs'][:3].permute(0, 2, 3, 1).numpy()]
        region = frame_region(*frames)
        item = scenes[row]
        scene, truth = item['inputs'].permute(1, 2, 0).numpy(), item['data_samples'].gt_boxes.numpy()
        base = item['data_samples'].proposals.numpy()
        sample, = model.test_step(collate_list([item]))
        after, _ = rerank(base, sample.pred_boxes.cpu().numpy(), sample.pred_box_scores.cpu().numpy(), TOP)
        strips.append(np.concatenate([
            overlay(frames[1], found=[] if region is None else [region.box],
                    true=clips[row]['data_samples'].gt_boxes[1].numpy() * enlarge),
            draw_flow(remove_camera(estimate_flow(frames[1], frames[2]))),
            overlay(scene, found=base[:shown], true=truth, enlarge=enlarge),
            overlay(scene, found=after[:shown], true=truth, enlarge=enlarge)], axis=1))
    picture = cv2.cvtColor(np.concatenate(strips), cv2.COLOR_RGB2BGR)
    write_atomically(file, cv2.imencode(file.suffix, picture)[1].tobytes())


def show(seed, method, values):
    print(f'seed {seed}, {method}: ' + ', '.join(f'{metric} {value:.2f}' for metric, value in values.items()),
          flush=True)


if __name__ == '__main__':
    main()
