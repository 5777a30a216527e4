"""Grids of generated images: rows and columns by code, strips, and the command."""

import numpy as np
import pytest
import torch

from mmwsl.apis.generation import code_grid, interpolation_strip
from mmwsl.models.generative import (
    CodeClassifier,
    CodeDiscriminator,
    CodeGenerator,
    FineGAN,
    FineGANGenerator,
    InfoGAN,
    PatchDiscriminator,
)
from mmwsl.visualization.grids import tile_grid


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def finegan():
    return FineGAN(FineGANGenerator(2, 6, 5, 8, 16, 1), PatchDiscriminator(4, (4, 3), (2, 1), 1), CodeClassifier(2, 4, 16),
                   CodeDiscriminator(6, 4, 16)).eval()


def test_tiles_by_hand():
    tiles = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((3, 1, 2, 3), np.uint8)
    grid = tile_grid(tiles, 2, gap=1)
    assert grid[..., 0].tolist() == [[255] * 7, [255, 0, 0, 255, 1, 1, 255], [255] * 7, [255, 2, 2, 255, 255, 255, 255], [255] * 7]
    assert tile_grid(tiles, 2, gap=1, scale=2).shape == (7, 11, 3) and tile_grid(tiles, 2, gap=1, breaks=(1,)).shape == (5, 9, 3)
    with pytest.raises(ValueError, match='a grid needs tiles'):
        tile_grid(tiles[0], 2)


def test_rows_are_parents_and_columns_children():
    model = finegan()
    grid = code_grid(model, noises=2, seed=3, scale=1)
    assert grid.shape == (4 * 18 + 2, 3 * 18 + 2, 3)
    torch.manual_seed(3)
    codes = model.draw_codes(2, 'cpu')
    codes = {name: each[1:] for name, each in codes.items()} | dict(child=torch.tensor([4]), parent=torch.tensor([1]))
    expected = ((model.generate(codes)['images'][0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    found = grid[2 + 3 * 18:18 + 3 * 18, 2 + 18:18 + 18]  # second noise, second parent, second child
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert code_grid(model, 1, stages=True, scale=1).shape == (2 * 18 + 2, 5 * 18 + 2 + 4, 3)
    with pytest.raises(ValueError, match='noises=0 leaves nothing to draw'):
        code_grid(model, 0)


def test_codes_alone_and_strips():
    model = InfoGAN(CodeGenerator(3, 4, 4, 16), CodeDiscriminator(3, 4, 16)).eval()
    before = torch.get_rng_state()
    assert code_grid(model, 2, scale=1).shape == (2 * 18 + 2, 3 * 18 + 2, 3)
    strip = interpolation_strip(model, steps=5, rows=2, scale=1)
    assert torch.equal(torch.get_rng_state(), before) and strip.shape == (2 * 18 + 2, 5 * 18 + 2, 3)
    tiles = [strip[2:18, 2 + 18 * column:18 + 18 * column].astype(int) for column in range(5)]
    steps = [np.abs(first - second).mean() for first, second in zip(tiles, tiles[1:], strict=False)]
    assert min(steps) > 0 and np.abs(tiles[0] - tiles[4]).mean() > max(steps)
    with pytest.raises(ValueError, match='steps=1 must be 2 or more'):
        interpolation_strip(model, steps=1)


def test_command(tmp_path, capsys):
    """A picture of the untrained small recipe; what is no generator is refused in one line."""
    from mmwsl.cli import main
    config = 'mmwsl::generative/infogan/infogan_g16_1xb32-const-16e_factorscenes.py'
    out = tmp_path / 'grid.png'
    assert main(['generate', config, 'random', '--out', str(out), '--noises', '2', '--device', 'cpu']) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    import cv2
    assert cv2.imread(str(out)).shape == (2 * 66 + 2, 6 * 66 + 2, 3)
    assert main(['generate', 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py', 'random', '--out', str(out)]) != 0
    assert 'which generates no images' in capsys.readouterr().err
