"""Images that have a flow file each, as ``mmwsl flow`` writes them."""

import json
from pathlib import Path

import torch

from mmwsl.datasets.annotated import read_class_map
from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.datasets.readers.motion.flow_files import FlowError, read_flow
from mmwsl.datasets.transforms.decode import image_size, load_image
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS

FIELDS = {'image', 'flow', 'mask'}


@DATASETS.register_module()
class FlowPairs(FileDataset):
    """Images and their flow to the next frame: items have ``flow`` (2, H, W) float32, NaN where it is not known.

    Flow is no label, so it comes with every ``supervision``. Where a line of the list names a mask, items have
    ``moving`` (H, W) uint8: 1 = moves, 0 = does not, 255 = not decided; where the pipeline ends in
    :class:`FlowGuidance`, ``guidance`` (3, H, W).

    Args:
        list_file: JSON lines ``{"image": ..., "flow": ...}``, perhaps with ``"mask"``; paths below ``root``, flow as of
            :func:`read_flow`.
        root: folder of the paths; None = that of the list.
        pipeline: transforms that move flow with the image: resize, flip, :class:`RandomCropFlow`,
            :class:`FlowGuidance`.
        settings: on_error, seed, max_images, supervision: see :class:`FileDataset`.

    Raises:
        FileNotFoundError: no such list, or no file of a flow.
        ValueError: a line that is no such object, no lines, some with a mask and some without, or a transform that
            would leave the flow where it was.
        FlowError: when an image is loaded, flow that cannot be read or is of another size than the image.
    """

    def __init__(self, list_file, root=None, supervision='none', **settings):
        list_file = Path(list_file)
        if not list_file.is_file():
            raise FileNotFoundError(f'FlowPairs: the list {list_file} does not exist (looked for from {Path.cwd()}); '
                                    '`mmwsl flow CLIPS --out DIR` writes DIR/pairs.jsonl')
        root = Path(root) if root is not None else list_file.parent
        lines = enumerate(read_lines(list_file), start=1)
        rows = [self._row(line, list_file, number) for number, line in lines if line]
        if not rows:
            raise ValueError(f'FlowPairs: {list_file} has no lines; write flow of clips with `mmwsl flow`')
        if len({'mask' in row for row in rows}) > 1:
            raise ValueError(f'FlowPairs: some lines of {list_file} have a mask and some have none; give one to all')
        self.flows = [str(root / row['flow']) for row in rows]
        self.masks = [str(root / row['mask']) for row in rows] if 'mask' in rows[0] else None
        super().__init__([root / row['image'] for row in rows], None, None, supervision, **settings)
        fixed = [type(step).__name__ for step in self.pipeline if type(step).__module__ not in (
            'mmwsl.datasets.transforms.geometry', 'mmwsl.datasets.transforms.flow',
            'mmwsl.datasets.transforms.photometric')]
        if fixed:
            raise ValueError(f'FlowPairs: {", ".join(fixed)} would not move the flow with the image; use '
                             'ResizeShortEdge, RandomCropFlow and RandomFlip')

    @staticmethod
    def _row(line, list_file, number):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f'FlowPairs: line {number} of {list_file} is no JSON: {error}') from None
        if not isinstance(row, dict) or not {'image', 'flow'} <= row.keys() <= FIELDS:
            raise ValueError(f'FlowPairs: line {number} of {list_file} must have "image" and "flow", perhaps "mask", '
                             f'and nothing else: {line.strip()[:120]}')
        return row

    def describe(self, index):
        results = super().describe(index)
        image, flow = load_image(results), read_flow(self.flows[index])
        if image.shape[:2] != flow.shape[:2]:
            raise FlowError(f'flow {self.flows[index]} is of {flow.shape[1]} x {flow.shape[0]} pixels, its image '
                            f'{self.paths[index]} of {image.shape[1]} x {image.shape[0]}; make the flow again')
        results.update(image=image, flow=flow)
        if self.masks is not None:
            results['class_map'] = read_class_map(self.masks[index])
        return results

    def loaded_sample(self, index, results):
        sample = super().loaded_sample(index, results)
        sample.flow = torch.from_numpy(results['flow']).permute(2, 0, 1).contiguous()
        if self.masks is not None:
            sample.moving = torch.from_numpy(results['class_map'])
        if 'guidance' in results:
            sample.guidance = torch.from_numpy(results['guidance'])
        return sample

    def keep(self, positions):
        if len(positions) < len(self.paths):
            kept = torch.as_tensor(positions).tolist()
            self.flows = [self.flows[each] for each in kept]
            self.masks = None if self.masks is None else [self.masks[each] for each in kept]
        super().keep(positions)

    def check(self, index):
        image_size(self.paths[index])
        read_flow(self.flows[index])
        return {}
