"""That a planted lens shortcut is learnt, and that its counter-measure keeps it from being learnt."""

from pathlib import Path

import pytest
import torch
from tiny_runs import train_here

from mmwsl.apis import build_dataset, load_config, read_records

ROOT = Path(__file__).resolve().parents[1]
CONFIG = 'mmwsl::selfsup/jigsaw/jigsaw_r18w8_1xb64-cos-2e_digitscenes.py'
PLANTED = dict(type='ChromaticAberration', strength=0.1)


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    import shortcuts
    return shortcuts


@pytest.mark.slow
@pytest.mark.long
def test_aberration_is_learnt_unless_colours_are_dropped(tmp_path, tool):
    """Half of the published run. Trained on planted scenes, the network solves few puzzles of unplanted ones.

    With colour dropping it does not matter whether the scenes are planted. Fails if the view plants nothing, if it
    plants something that does not tell the place, or if dropping lets the fringes through.
    """
    drops = {}
    cfg = load_config(CONFIG, {'benchmark.test.num_scenes': 1000})
    scenes = build_dataset(cfg.benchmark.test)
    for name, countermeasure in (('without', []), ('with', [dict(type='ColorDropping')])):
        train_here(CONFIG, tmp_path / name, train_dataloader__dataset__num_scenes=4096, param_scheduler=[],
                   data_preprocessor__views=[[PLANTED, *countermeasure]])
        checkpoint = tmp_path / name / 'epoch_2.pth'
        planted, clean = (tool.pretext_accuracy(cfg, checkpoint, scenes, [*views, *countermeasure])
                          for views in ([PLANTED], []))
        assert planted > 10, name  # chance is 4.2 %
        drops[name] = planted - clean
    assert drops['without'] > 25
    assert abs(drops['with']) < 6


SUITE = """
suite, protocols = 'tiny', ['knn']
planted = dict(type='Vignetting', strength=1.0)
conditions = dict(clean=dict(), planted=dict(views=[planted]), larger=dict(options={'model.patch_size': 16}))
small = {'benchmark.train.num_scenes': 200, 'benchmark.test.num_scenes': 100}
runs = [dict(method=name, config='CONFIG', seeds=[3], checkpoint='random', options={**small, 'countermeasure': ops})
        for name, ops in (('plain', []), ('gain', [dict(type='RandomRadialGain')]))]
"""


def test_every_condition_has_a_record(tmp_path, tool):
    torch.set_num_threads(1)
    (tmp_path / 'suite.py').write_text(SUITE.replace('CONFIG', CONFIG))
    table = tool.run(tmp_path / 'suite.py', tmp_path / 'out')
    records = [record for record in read_records(tmp_path / 'out/records.jsonl') if record['protocol'] == 'pretext']
    assert [(record['method'], record['metric'], record['seed']) for record in records] == [
        (method, f'{condition}_accuracy', 3) for method in ('plain', 'gain')
        for condition in ('clean', 'planted', 'larger')]
    assert records[4]['settings'] == dict(views=[dict(type='Vignetting', strength=1.0)],
                                          countermeasure=[dict(type='RandomRadialGain')])
    assert records[0]['config'] == CONFIG.replace('mmwsl::', 'configs/') and 'pretext planted accuracy' in table
    assert all(0 <= record['value'] < 20 for record in records)  # untrained: about 4.2 %
    tool.run(tmp_path / 'suite.py', tmp_path / 'out')  # again: nothing is missing
    assert len(read_records(tmp_path / 'out/records.jsonl')) == len(records) + 2 * 2  # and kNN's top 1 and top 5
