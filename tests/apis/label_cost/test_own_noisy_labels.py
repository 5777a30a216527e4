"""Tables of a user's own labels, of which some may be wrong, for the recipes that bear them."""

import numpy as np
import pytest
from PIL import Image

from mmwsl.apis import load_config

RECIPES = [f'mmwsl::weaksup/noisy_labels/{method}/{method}_r18w16_1xb64-cos-16e_digitscenes.py'
           for method in ('co_teaching', 'generalized_cross_entropy')]


@pytest.fixture
def table(tmp_path):
    """A table of ten photos of two classes."""
    rng, rows = np.random.default_rng(0), ['file,class']
    for number in range(10):
        Image.fromarray(rng.integers(256, size=(40, 40, 3), dtype=np.uint8)).save(tmp_path / f'{number}.png')
        rows.append(f'{number}.png,{("cat", "dog")[number % 2]}')
    (tmp_path / 'labels.csv').write_text('\n'.join(rows) + '\n')
    return tmp_path / 'labels.csv'


@pytest.mark.parametrize('recipe', RECIPES)
def test_the_table_takes_the_place_of_planted_noise(table, recipe):
    cfg, before = load_config(recipe, {'data': str(table)}), load_config(recipe)
    assert cfg.train_dataloader.dataset.type == 'OwnData' and before.train_dataloader.dataset.type == 'NoisyLabels'
    assert cfg.model.head == dict(before.model.head, num_classes=2) and cfg.model.type == before.model.type


@pytest.mark.parametrize('recipe', RECIPES)
def test_two_classes_of_one_photo(table, recipe):
    table.write_text(table.read_text() + '3.png,cat\n')
    with pytest.raises(ValueError, match='learns one class a photo, and photos of .*labels.csv have several tags or none.*give each photo one class'):
        load_config(recipe, {'data': str(table)})
