"""People seen by several calibrated cameras at once, as files."""

import os
from pathlib import Path

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.transforms.decode import read_image, resize
from mmwsl.files import read_json_lines
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class MultiViewPoses(ImageDataset):
    """Pairs of views of a moment, as :class:`MultiViewFigures` gives them, of files.

    ``root/views.jsonl`` has a line for each moment: ``person``, a name; ``images``, ``backgrounds`` and ``rotations``,
    of each camera a file, a file, and three rows of three numbers, from the world's coordinates to the camera's; and
    where it is known ``pose``, J rows of three numbers in the world's coordinates, from the root. Images are crops
    around the person; with ``intrinsics`` (three rows of three numbers for each camera) the rotation also turns the
    camera towards the middle of its image, as a crop beside the axis is seen askew.

    Args:
        root: folder.
        list_file: name of the list in it.
        size: side in pixels; images are resized to squares.
        supervision: ``'full'`` gives ``gt_pose`` (J, 3), in the first camera's coordinates.

    Raises:
        FileNotFoundError: no such list, or an image is missing.
        ValueError: a line with one camera, without rotations, or with what is none; a person of one moment; or no pose
            where it is asked for.
    """

    def __init__(self, root, list_file='views.jsonl', size=128, supervision='none'):
        super().__init__(None, None, supervision)
        self.root, self.size = Path(root), size
        lines = list(read_json_lines(self.root / list_file, 'see MultiViewPoses for what its lines say'))
        self.moments = [self._moment(number, line) for number, line in lines]
        people = {}
        for position, moment in enumerate(self.moments):
            people.setdefault(moment['person'], []).append(position)
        self._others = {}
        for name, positions in people.items():
            if len(positions) < 2:
                raise ValueError(f'{self.root / list_file}: person {name!r} is there at one moment only; appearance is '
                                 'taken from another one, so leave the person out or add moments')
            for place, position in enumerate(positions):
                self._others[position] = positions[:place] + positions[place + 1:]
        self._pairs = [(position, first, second) for position, moment in enumerate(self.moments)
                       for first in range(len(moment['images'])) for second in range(len(moment['images']))
                       if first != second]

    def _moment(self, number, line):
        where = f'{self.root}, line {number}'
        cameras = {name: len(line.get(name) or []) for name in ('images', 'backgrounds', 'rotations')}
        if len(set(cameras.values())) != 1 or cameras['images'] < 2 or 'person' not in line:
            raise ValueError(f'{where}: person, and images, backgrounds and rotations of two or more cameras are '
                             f'needed; found {cameras}' + ('' if 'person' in line else ' and no person'))
        rotations = np.array(line['rotations'], float)
        if rotations.shape[1:] != (3, 3) or not np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3),
                                                            atol=1e-3) or (np.linalg.det(rotations) < 0).any():
            raise ValueError(f'{where}: rotations must be matrices of three rows and columns that turn and do not '
                             'mirror; views without calibration serve LandmarkGeneration, not this')
        if line.get('intrinsics'):
            rotations = np.stack([toward_middle(np.array(each, float)) @ rotation for each, rotation in zip(
                line['intrinsics'], rotations, strict=True)])
        if self.supervision == 'full' and not line.get('pose'):
            raise ValueError(f"{where}: no pose, which supervision='full' asks for")
        for name in [*line['images'], *line['backgrounds']]:
            if not (self.root / name).is_file():
                raise FileNotFoundError(f'{where}: {self.root / name} is missing')
        return dict(line, rotations=rotations, person=str(line['person']))

    def __len__(self):
        return len(self._pairs)

    def _image(self, name):
        pixels = resize(read_image(os.fspath(self.root / name)), self.size, self.size, 'bilinear')
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    def __getitem__(self, index):
        index = self.position(index)
        position, first, second = self._pairs[index]
        moment, others = self.moments[position], self._others[position]
        other = self.moments[others[index % len(others)]]
        sample = self.data_sample(index)
        sample.rotation = torch.from_numpy(moment['rotations'][[first, second]].astype(np.float32))
        if self.supervision == 'full':
            pose = np.array(moment['pose'], float) @ moment['rotations'][first].T
            sample.gt_pose = torch.from_numpy(pose.astype(np.float32))
        names = [moment['images'][first], moment['images'][second], moment['backgrounds'][second],
                 other['images'][first % len(other['images'])]]
        return dict(inputs=[self._image(name) for name in names], data_samples=sample)


def toward_middle(intrinsics):
    """Rotation (3, 3) that turns a camera's axis towards where the middle of its crop, (0.5, 0.5), lies.

    Args:
        intrinsics: (3, 3) of the crop, in shares of its sides.
    """
    ray = np.linalg.solve(intrinsics, [0.5, 0.5, 1.0])
    ray /= np.linalg.norm(ray)
    right = np.cross([0.0, 1.0, 0.0], ray)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(ray, right), ray])
