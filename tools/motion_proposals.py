"""What motion is worth to detection from tags: boxes of what moves in clips, a network that learns them, proposals of
still scenes that it re-ranks, and detectors on these.

    python tools/motion_proposals.py --seeds 0 1 2 --work-dir work_dirs/motion --out records.jsonl

Nothing to download. Labels are read by the metrics alone, and the scenes' tags by the detectors. Each seed has scenes and
clips of its own; all detectors start from one network that tells single digits. What a seed has trained before is not
trained again. The detectors see the first proposals alone: of windows as they were (wsddn, oicr), and of the same
windows re-ranked (wsddn_motion, oicr_motion).
"""

import argparse
from pathlib import Path

import cv2
import torch

from mmwsl.apis import build_dataset, build_model, evaluate, load_config, train
from mmwsl.apis.proposals import rerank_proposals
from mmwsl.datasets import DigitScenes, MotionFrames, collate_list
from mmwsl.datasets.readers.proposals import Proposals, write_proposals
from mmwsl.files import append_json_lines
from mmwsl.ops import box_iou
from mmwsl.reporting.records import make_record

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
    parser.add_argument('--detectors', nargs='+', choices=DETECTORS, default=list(DETECTORS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    start = trained(START, args.work_dir / 'start', {'train_cfg.max_epochs': args.start_epochs})
    for seed in args.seeds:
        run(seed, args.work_dir / f'seed{seed}', start, args.detectors, args.out)


def run(seed, folder, start, detectors, out):
    """Train and measure all of one seed."""
    own = {'randomness.seed': seed}
    options = own | {'train_dataloader.dataset.clips.seed': 100 + seed, 'test_dataloader.dataset.dataset.seed': seed}
    network = trained(MOTION, folder / 'network', options)
    cfg = load_config(MOTION, options | {'work_dir': str(folder / 'network')})
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
            options = own | scene_options(seed, file)
            checkpoint = trained(DETECTORS[detector], folder / name, options | {'load_from': str(start)})
            cfg = load_config(DETECTORS[detector], options | {'work_dir': str(folder / name)})
            show(seed, name, evaluate(cfg, checkpoint, out, SUITE, name))


def scene_options(seed, file):
    """Options of a detector's config: the scenes of a seed, and the file of their proposals."""
    return {f'{part}.dataset.{key}': value for part in ('train_dataloader', 'test_dataloader')
            for key, value in {'dataset.seed': seed, 'proposals': str(file)}.items()}


def trained(config, work_dir, options):
    """The last checkpoint of a training, which is done where it is missing."""
    last = work_dir / f'epoch_{load_config(config, options).train_cfg.max_epochs}.pth'
    if not last.is_file():
        train(config, work_dir=work_dir, overwrite=True, options=options)
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


def show(seed, method, values):
    print(f'seed {seed}, {method}: ' + ', '.join(f'{metric} {value:.2f}' for metric, value in values.items()),
          flush=True)


if __name__ == '__main__':
    main()
