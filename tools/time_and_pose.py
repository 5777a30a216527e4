"""What the methods of time and of pose learn on what is made on the fly.

    python tools/time_and_pose.py --seeds 0 1 2 --work-dir work_dirs/time_and_pose --out records.jsonl
    python tools/time_and_pose.py --tasks real --data data/video --out records.jsonl

The truth of clips is read by the measures alone. What a seed has trained before is not trained again. The task of
real clips needs a folder of clips.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from mmwsl.apis import build_dataset, build_model, load_config, train
from mmwsl.datasets import ClipWindows, MotionClips, MultiViewFigures, TrackedPatches
from mmwsl.evaluation.functional import fit_landmarks, landmark_errors, n_mpjpe, psnr
from mmwsl.files import append_json_lines, write_atomically
from mmwsl.protocols import ActionProbe, FeatureSource, extract_features
from mmwsl.reporting.records import make_record

SUITE = 'time_and_pose'
ROOT = 'mmwsl::selfsup/'
TRIPLETS = ROOT + 'siamese_triplets/siamese_triplets_r18w8_1xb50-cos-60e_motionclips.py'
ORDER = ROOT + 'temporal_order/temporal_order_r18w8_1xb32-cos-8e_motionclips.py'
ACTIONS = ROOT + 'temporal_order/temporal_order_r18w8_1xb32-cos-8e_actionfigures.py'
ODD = ROOT + 'odd_one_out/odd_one_out_r18w8_1xb16-cos-10e_motionclips.py'
LANDMARKS = ROOT + 'landmark_generation/landmark_generation_conv8_1xb32-cos-20e_motionclips.py'
GEOMETRY = ROOT + 'geometry_aware/geometry_aware_r18w16_1xb32-cos-10e_multiviewfigures.py'
SHIFT = 4  # pixels that images are moved by, to see whether landmarks follow
FEW = 0.05  # share of the poses that a regression sees
HEIGHT = 1.6  # of figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tasks', nargs='+', choices=TASKS, default=[name for name in TASKS if name != 'real'])
    parser.add_argument('--seeds', nargs='+', type=int, default=[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/time_and_pose'))
    parser.add_argument('--data', type=Path, help='folder of real clips')
    parser.add_argument('--out', type=Path, help='file of records to append to')
    parser.add_argument('--pictures', type=Path, help='folder: only draw what the first seed has learnt')
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.pictures:
        draw(args.pictures, args.seeds[0], args)
        return
    for task in args.tasks:
        if task == 'real' and args.data is None:
            parser.error('real needs --data, a folder of clips')
        for seed in args.seeds[:1] if task == 'real' else args.seeds:
            for fields, values in TASKS[task](seed, args):
                print(f'seed {seed}, {fields["method"]}, {fields["dataset"]}: '
                      + ', '.join(f'{metric} {value:.3f}' for metric, value in values.items()), flush=True)
                if args.out:
                    append_json_lines(args.out, [
                        make_record(suite=SUITE, seed=seed, metric=metric, value=round(float(value), 4), **fields)
                        for metric, value in values.items()])


def trained(config, name, seed, args, options=None, data_seed='train_dataloader.dataset.seed'):
    """The model of the last checkpoint of a training, which is done where it is missing."""
    cfg = load_config(config, {'randomness.seed': seed, data_seed: 100 + seed, **(options or {})})
    work_dir = args.work_dir / f'{name}-seed{seed}'
    last = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not last.is_file():
        train(cfg, work_dir=work_dir, overwrite=True)
    return build_model(cfg, last, whole=True)[0].eval()


def named(method, dataset, protocol, config=None, split='test'):
    return dict(method=method, config=Path(config).name if config else None, dataset=dataset, split=split,
                protocol=protocol)


def normalized(model, images):
    """uint8 images or clips as the model takes them."""
    return model.data_preprocessor(dict(inputs=images), False)['inputs']


# -- each task yields fields of records, and dict of values

def retrieval_at_1(queries, tracked):
    """Percent of rows (N, D) of queries whose nearest row of ``tracked`` is their own, by the cosine."""
    queries, tracked = (torch.nn.functional.normalize(each.flatten(1).float(), dim=1) for each in (queries, tracked))
    return 100 * ((queries @ tracked.T).argmax(1) == torch.arange(len(queries))).float().mean().item()


def triplets(seed, args):
    """Tracked patches found among those of all other unseen clips, by pixels, and by features."""
    tested = tracked_test(seed, TRIPLETS)
    pixels = [each.float() - each.float().mean((1, 2, 3), keepdim=True) for each in (tested.queries, tested.tracked)]
    yield named('pixels', 'MotionClips', 'retrieval'), dict(retrieval_at_1=retrieval_at_1(*pixels))
    for method, options in (('random_negatives', {'model.hard_after': 1.0}), ('siamese_triplets', {})):
        model = trained(TRIPLETS, method, seed, args, options, 'train_dataloader.dataset.clips.seed')
        with torch.no_grad():
            found = [model.embed(normalized(model, each)) for each in (tested.queries, tested.tracked)]
        yield named(method, 'MotionClips', 'retrieval', TRIPLETS), dict(
            retrieval_at_1=retrieval_at_1(*found), pairs=len(tested))


def tracked_test(seed, config):
    cfg = load_config(config)
    return build_dataset({**cfg.train_dataloader.dataset, 'clips': {
        **cfg.train_dataloader.dataset.clips, 'split': 'test', 'num_clips': 400, 'seed': seed}})


def questions(model, clips, repeats=5):
    """Answers (N,) and predictions (N,) of questions about clips, drawn anew for each repeat."""
    answers, predicted = [], []
    with torch.no_grad():
        for _ in range(repeats):
            for part in normalized(model, clips).split(50):
                asked, true = model.questions(part)
                answers.append(true)
                predicted.append(model.answer(asked).argmax(1))
    return torch.cat(answers).numpy(), torch.cat(predicted).numpy()


def order_of(method, config, seed, args):
    """Balanced accuracy in percent on clips in which time can be seen, and on clips in which nothing moves."""
    from sklearn.metrics import balanced_accuracy_score
    for kind in ('accelerating', 'static'):
        model = trained(config, f'{method}-{kind}', seed, args, {'train_dataloader.dataset.kind': kind})
        clips = build_dataset({**load_config(config).train_dataloader.dataset, 'split': 'test', 'kind': kind,
                               'num_clips': 200, 'seed': seed}).images
        torch.manual_seed(seed)
        answers, predicted = questions(model, clips)
        values = dict(accuracy=100 * balanced_accuracy_score(answers, predicted))
        if method == 'odd_one_out':
            by_place = [100 * (predicted[answers == place] == place).mean() for place in range(answers.max() + 1)]
            values |= dict(accuracy_worst_place=min(by_place), accuracy_best_place=max(by_place))
        yield named(method, f'MotionClips {kind}', 'order', config), values


def order(seed, args):
    """Is the order right: half of the answers are by chance."""
    yield from order_of('shuffle_and_learn', ORDER, seed, args)


def actions(seed, args):
    """Actions told by single frames of unseen clips, by features that order taught and by untrained ones."""
    settings = load_config(ACTIONS, benchmark_of='mmwsl::benchmarks/action_figures_quick.py').benchmark
    parts = [build_dataset({**part, 'clips': {**part.clips, 'seed': 200 + seed}})
             for part in (settings.train, settings.test)]
    for method in ('random', 'shuffle_and_learn'):
        model = (build_model(load_config(ACTIONS, {'randomness.seed': seed}), 'random', whole=True)[0]
                 if method == 'random' else trained(ACTIONS, 'actions', seed, args))
        source = FeatureSource(*(extract_features(model, part, progress=False) for part in parts))
        found = ActionProbe(**settings.protocols.action_probe).run(source)
        yield named(method, 'ActionFigures', 'action_probe', ACTIONS), {each['metric']: each['value'] for each in found}


def odd_one_out(seed, args):
    """Which of six clips is shuffled: a sixth by chance."""
    yield from order_of('odd_one_out', ODD, seed, args)


def centers(sample):
    """Middles (P, 2) of the parts in the first frame, in half sides from the middle of the image."""
    masks = sample.gt_instance_masks[0].numpy()
    return (np.array([np.argwhere(mask).mean(0)[::-1] + 0.5 for mask in masks]) / masks.shape[-1]) * 2 - 1


def pair_images(seed, count=400):
    """Images (N, 3, H, W) of two shapes, both seen, and their middles (N, 2, 2)."""
    data = MotionClips('test', kind='pair', num_clips=count, size=32, clip_length=2, seed=seed, supervision='full')
    items = [data[number] for number in range(count)]
    seen = [item for item in items if (item['data_samples'].gt_instance_masks[0].flatten(1).sum(1) >= 20).all()]
    return (torch.stack([item['inputs'][0] for item in seen]),
            np.stack([centers(item['data_samples']) for item in seen]))


def landmarks(seed, args):
    """Error of the parts' middles by regression from landmarks, in percent of the side, and how landmarks follow."""
    images, true = pair_images(seed)
    half = len(images) // 2
    for method, options in (('random', None), ('landmark_generation', {}), ('no_bottleneck', {'model.sigma': 100.0})):
        model = (build_model(load_config(LANDMARKS, {'randomness.seed': seed}), 'random', whole=True)[0].eval()
                 if options is None else trained(LANDMARKS, method, seed, args, options))
        inputs = normalized(model, images)
        with torch.no_grad():
            found, moved = (model.points(each).numpy() for each in (inputs, inputs.roll(SHIFT, 3)))
            made = model.render(inputs.roll(1, 0), model.points(inputs))
        weights = fit_landmarks(found[:half], true[:half])
        away = (np.abs(true[..., 0]) < 0.5).all(1)  # parts that the shift does not bring over the border
        step = 2 * SHIFT / images.shape[-1]
        yield named(method, 'MotionClips', 'landmarks', LANDMARKS), dict(
            part_error=50 * landmark_errors(found[half:], true[half:], weights).mean(),
            shift_error=50 * np.abs((moved - found)[away] - [step, 0]).mean(),
            reconstruction_error=float((made - inputs).square().mean()))


def views_of(dataset, numbers):
    """Views, rotations and poses of items of :class:`MultiViewFigures`."""
    items = [dataset[number] for number in numbers]
    views = [torch.stack(each) for each in zip(*(item['inputs'] for item in items), strict=True)]
    samples = [item['data_samples'] for item in items]
    return views, torch.stack([each.rotation for each in samples]), np.stack([each.gt_pose.numpy() for each in samples])


def pose_error(features, poses, tested, true):
    """N-MPJPE in percent of a figure's height of ridge regression on standardized features; the strength is chosen on
    the training poses."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    regression = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 5, 15)))
    regression.fit(features, poses.reshape(len(poses), -1))
    return 100 / HEIGHT * n_mpjpe(regression.predict(tested).reshape(true.shape), true)


def figures_of(split, seed, **options):
    """Figures as the recipe has them, before the cameras and backgrounds that were learnt from."""
    return build_dataset({**load_config(GEOMETRY).train_dataloader.dataset, 'split': split, 'supervision': 'full',
                          'seed': 100 + seed, **options})


def geometry(seed, args):
    """Views drawn with the true rotation and without, in all and where the figure is, and joints from few labels."""
    known, unknown = figures_of('train', seed), figures_of('test', seed, num_moments=120)
    moments, cameras = len(known.poses), known.cameras
    seeing = np.random.default_rng(seed).integers(cameras, size=moments)  # one view of each moment has its pose
    labelled = (np.arange(moments) * cameras + seeing) * (cameras - 1)
    few, every = slice(max(round(FEW * moments), 2)), slice(None)
    (source, target, ground, person), rotation, true = views_of(unknown, range(0, len(unknown), 5))
    known_views, _, poses = views_of(known, labelled)
    figure = (target != ground).any(1).numpy()
    shown = dict(psnr=np.ones_like(figure), figure_psnr=figure)
    yield named('background', 'MultiViewFigures', 'pose'), {
        name: psnr(*arrays_of(ground, target), mask) for name, mask in shown.items()}
    yield named('mean_pose', 'MultiViewFigures', 'pose'), dict(
        n_mpjpe_all=100 / HEIGHT * n_mpjpe(np.broadcast_to(poses.mean(0), true.shape), true))
    for method in ('auto_encoder', 'geometry_aware'):
        model = autoencoder(seed, args) if method == 'auto_encoder' else trained(GEOMETRY, method, seed, args)
        values = {}
        inputs = [normalized(model, each) for each in (source, target, ground, person)]
        with torch.no_grad():
            if method == 'geometry_aware':
                still = rotation[:, :1].expand(-1, 2, -1, -1)
                for turned, turns in (('true', rotation), ('identity', still)):
                    made = model.data_preprocessor.pixels(model.synthesize(inputs[0], turns, inputs[2], inputs[3]))
                    values |= {f'{name}_{turned}_rotation': psnr(*arrays_of(made.clamp(0, 255), target), mask)
                               for name, mask in shown.items()}
            latent = model.features(normalized(model, known_views[0])).numpy()
            tested = model.features(inputs[0]).numpy()
        for name, rows in (('few', few), ('all', every)):
            values[f'n_mpjpe_{name}'] = pose_error(latent[rows], poses[rows], tested, true)
        yield named(method, 'MultiViewFigures', 'pose', GEOMETRY), values


def arrays_of(*images):
    """Images (N, 3, H, W) as arrays (N, H, W, 3)."""
    return [each.permute(0, 2, 3, 1).numpy() for each in images]


def autoencoder(seed, args):
    """The same networks, trained to draw the view that they see."""
    from mmwsl.registry import DATASETS

    if 'SameViews' not in DATASETS:
        class SameViews(MultiViewFigures):
            """Views whose target is the source."""

            def __getitem__(self, index):
                item = super().__getitem__(index)
                _, first, *_ = self.parts(self.position(index))
                source, _, _, person = item['inputs']
                return dict(item, inputs=[source, source, self.grounds[first], person])
        DATASETS.register_module(module=SameViews)
    return trained(GEOMETRY, 'auto_encoder', seed, args, {
        'model.turns': False, 'train_dataloader.dataset.type': 'SameViews'})


def real(seed, args):
    """Real clips, run through: windows, tracked patches, and how well pixels alone find them. No bar."""
    windows = ClipWindows(args.data, length=12, size=128, windows=2, on_error='skip')
    pairs = TrackedPatches(windows, upscale=1)
    pixels = [each.float() - each.float().mean((1, 2, 3), keepdim=True) for each in (pairs.queries, pairs.tracked)]
    yield named('pixels', args.data.name, 'retrieval', split='all'), dict(
        windows=len(windows), pairs=len(pairs), retrieval_at_1=retrieval_at_1(*pixels))


# -- pictures

def tile(rows, enlarge=3):
    """uint8 RGB picture of rows of images (3, H, W), with lines between them."""
    def framed(image):
        pixels = np.asarray(image, np.float32).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
        pixels = np.repeat(np.repeat(pixels, enlarge, 0), enlarge, 1)
        return cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.concatenate([np.concatenate([framed(image) for image in row], axis=1) for row in rows], axis=0)


def write(path, picture):
    write_atomically(path, cv2.imencode('.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())


def dotted(image, points):
    """An image uint8 (3, H, W) with a dot of its own color at each of the landmarks (K, 2)."""
    pixels = np.ascontiguousarray(np.asarray(image).transpose(1, 2, 0))
    pixels = np.repeat(np.repeat(pixels, 4, 0), 4, 1)
    for number, (x, y) in enumerate((np.asarray(points) + 1) / 2 * pixels.shape[1]):
        color = cv2.cvtColor(np.uint8([[[number * 180 // len(points), 255, 255]]]), cv2.COLOR_HSV2RGB)[0, 0].tolist()
        cv2.circle(pixels, (round(float(x)), round(float(y))), 4, color, -1)
        cv2.circle(pixels, (round(float(x)), round(float(y))), 5, (255, 255, 255), 1)
    return pixels.transpose(2, 0, 1)


def draw(folder, seed, args, count=8):
    """Tracks, questions of order, landmarks over shifts, and novel views: a picture of each."""
    folder.mkdir(parents=True, exist_ok=True)
    tested = tracked_test(seed, TRIPLETS)
    write(folder / 'tracks.png', tile([tested.queries[:count], tested.tracked[:count]]))
    cfg = load_config(ORDER)
    clips = build_dataset({**cfg.train_dataloader.dataset, 'split': 'test', 'num_clips': 8 * count, 'seed': seed})
    model = build_model(cfg, 'random', whole=True)[0]
    torch.manual_seed(seed)
    asked, answers = model.questions(clips.images)
    asked = asked.to(torch.uint8)
    write(folder / 'order.png', tile([*asked[answers == 1][:2], *asked[answers == 0][:4]]))
    model = trained(LANDMARKS, 'landmark_generation', seed, args)
    images, _ = pair_images(seed, 20)
    rows = []
    for pixels in (images[:count], images[:count].roll(SHIFT, 3)):
        with torch.no_grad():
            points = model.points(normalized(model, pixels)).numpy()
        rows.append([dotted(*each) for each in zip(pixels.numpy(), points, strict=True)])
    write(folder / 'landmarks.png', tile(rows, enlarge=1))
    model = trained(GEOMETRY, 'geometry_aware', seed, args)
    unknown = figures_of('test', seed, num_moments=120)
    (source, target, ground, person), rotation, _ = views_of(unknown, range(0, len(unknown), len(unknown) // count))
    inputs = [normalized(model, each) for each in (source, ground, person)]
    with torch.no_grad():
        made = model.data_preprocessor.pixels(model.synthesize(inputs[0], rotation, inputs[1], inputs[2]))
    write(folder / 'views.png', tile([source[:count], made[:count], target[:count]]))


TASKS = dict(triplets=triplets, order=order, actions=actions, odd_one_out=odd_one_out, landmarks=landmarks,
             geometry=geometry, real=real)

if __name__ == '__main__':
    main()
