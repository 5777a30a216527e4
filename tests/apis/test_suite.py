import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from tiny_runs import MOCO, ROOT, child_environment, log_text, train_here, write_config

from mmwsl.apis import load_config, read_records, run_suite
from mmwsl.apis.suite import SUITE_LOCK
from mmwsl.apis.work_dir import LOCK
from mmwsl.cli import main
from mmwsl.engine.child import Children
from mmwsl.files import lock
from mmwsl.registry import MODELS


def write_suite(folder, more=''):
    config, other = write_config(folder), write_config(folder, MOCO, name='moco.py')
    path = folder / 'suite.py'
    path.write_text(f"""
suite = 'tiny'
protocols = ['knn']
runs = [
    dict(method='random', config={str(config)!r}, checkpoint='random'),
    dict(method='simclr', config={str(config)!r}, seeds=[0, 1], options={{'train_cfg.max_epochs': 1}}),
    dict(method='moco', config={str(other)!r}),
]
{more}
""")
    return path


@pytest.fixture
def trainings(monkeypatch):
    """Trainings run in this process; yields what was asked for: (command, number of steps trained)."""
    calls = []

    def run(self, command):
        config, work_dir = command[4], command[command.index('--work-dir') + 1]
        runner = train_here(config, work_dir, resume='--resume' in command)
        calls.append((command, runner.iter))
        return 0

    monkeypatch.setattr(Children, 'run', run)
    return calls


@pytest.mark.slow
def test_suite(tmp_path, trainings, capsys):
    suite, out = write_suite(tmp_path), tmp_path / 'out'
    assert main(['suite', str(suite), '--out', str(out)]) == 0
    shown = capsys.readouterr().out
    records = read_records(out / 'records.jsonl')
    found = sorted({(record['method'], record['seed']) for record in records})
    assert found == [('moco', 0), ('random', 0), ('simclr', 0), ('simclr', 1)]
    assert {record['suite'] for record in records} == {'tiny'} and {record['dataset'] for record in records} == {'Digits'}
    assert len(records) == 8  # two metrics each
    assert [iterations for _, iterations in trainings] == [10, 10, 20]  # one epoch where the options say so
    seeds = {(record['method'], record['seed']): record['value'] for record in records if record['metric'] == 'knn5_top1'}
    assert seeds['simclr', 0] != seeds['simclr', 1]
    table = (out / 'table.md').read_text()
    assert shown.endswith(table)
    rows = table.splitlines()
    assert rows[2].startswith('| random | ') and rows[3].startswith('| simclr | ') and '± ' in rows[3] and '(n=2)' in rows[3]
    assert '[1/4] random-seed0: to do: knn' in shown and '[4/4] moco-seed0: to do: knn' in shown
    assert (out / 'runs' / 'simclr-seed1' / 'epoch_1.pth').is_file()

    # a second call does nothing
    before = (out / 'records.jsonl').read_bytes()
    assert main(['suite', str(suite), '--out', str(out)]) == 0
    assert (out / 'records.jsonl').read_bytes() == before and len(trainings) == 3
    assert capsys.readouterr().out.count(': done\n') == 4

    # a protocol that comes later is run on the checkpoints that are there
    suite = write_suite(tmp_path, "protocols = ['knn', 'svm']\n")
    run_suite(suite, out, only=['simclr'])
    assert len(trainings) == 3
    added = read_records(out / 'records.jsonl')[8:]
    assert {record['protocol'] for record in added} == {'svm'} and {record['method'] for record in added} == {'simclr'}


@pytest.mark.slow
def test_stopped_suite_goes_on(tmp_path, trainings, monkeypatch, capsys):
    """Stopped in the training of moco: what is recorded stays, and the training goes on from its last checkpoint."""
    suite, out = write_suite(tmp_path), tmp_path / 'out'
    inner = Children.run

    def stop_in_moco(self, command):
        if 'moco.py' in command[4]:
            train_here(command[4], command[command.index('--work-dir') + 1])
            os.remove(out / 'runs' / 'moco-seed0' / 'epoch_2.pth')
            raise KeyboardInterrupt
        return inner(self, command)

    monkeypatch.setattr(Children, 'run', stop_in_moco)
    with pytest.raises(KeyboardInterrupt):
        run_suite(suite, out)
    assert len(read_records(out / 'records.jsonl')) == 6
    assert 'moco' not in (out / 'table.md').read_text()
    monkeypatch.setattr(Children, 'run', inner)
    run_suite(suite, out)
    assert len(read_records(out / 'records.jsonl')) == 8
    log = '\n'.join(path.read_text() for path in (out / 'runs' / 'moco-seed0').glob('*/*.log'))
    assert 'resuming from ' in log and 'epoch_1.pth' in log
    assert len(trainings) == 3 and 'moco.py' in trainings[-1][0][4]
    assert '| moco | ' in (out / 'table.md').read_text()


def test_options_reach_the_training(tmp_path, trainings):
    run_suite(write_suite(tmp_path), tmp_path / 'out', only=['moco'], work_dir=tmp_path / 'elsewhere',
              options={'train_cfg.max_epochs': 1})
    assert trainings[0][1] == 10
    assert (tmp_path / 'elsewhere' / 'moco-seed0' / 'epoch_1.pth').is_file()


@pytest.mark.slow
def test_a_run_that_starts_from_another(tmp_path, trainings, capsys):
    """Its weights are those of the other when training begins."""
    config = write_config(tmp_path)
    suite = tmp_path / 'suite.py'
    suite.write_text(f"""
suite = 'tiny'
protocols = ['knn']
runs = [
    dict(method='first', config={str(config)!r}, seeds=[0, 1]),
    dict(method='second', config={str(config)!r}, seeds=[1], start='first-seed0',
         options={{'optim_wrapper.optimizer.lr': 0.0}}),
]
""")
    out = tmp_path / 'out'
    assert main(['suite', str(suite), '--out', str(out), '--only', 'second']) == 1
    assert 'second-seed1 needs the run first-seed0, which is not finished' in capsys.readouterr().err
    run_suite(suite, out, options={'train_cfg.max_epochs': 1})  # of both
    first, second = (torch.load(out / 'runs' / name / 'epoch_1.pth', weights_only=False)['state_dict']
                     for name in ('first-seed0', 'second-seed1'))
    weights = [key for key in first if key.endswith('.weight')]
    assert weights and all(torch.equal(first[key], second[key]) for key in weights)  # its learning rate is 0
    (tmp_path / 'moved').mkdir()
    moved = out.rename(tmp_path / 'moved' / 'out')
    (moved / 'records.jsonl').unlink()
    count = len(trainings)
    run_suite(suite, moved, options={'train_cfg.max_epochs': 1})  # the weights it started from have moved, too
    assert len(trainings) == count
    suite.write_text(suite.read_text().replace("start='first-seed0'", "start='first-seed7'"))
    assert main(['suite', str(suite), '--out', str(out)]) == 1
    assert 'first-seed7 is no run of the suite' in capsys.readouterr().err


def test_ensemble_without_a_metric(tmp_path):
    config, suite = write_config(tmp_path), tmp_path / 'suite.py'
    suite.write_text(f"""
suite = 'tiny'
protocols = ['knn']
runs = [dict(method='one', config={str(config)!r}), dict(method='pair', config={str(config)!r}, ensemble=['one-seed0'] * 2)]
""")
    (tmp_path / 'out' / 'runs' / 'one-seed0').mkdir(parents=True)
    (tmp_path / 'out' / 'runs' / 'one-seed0' / 'epoch_1.pth').touch()
    with pytest.raises(ValueError, match='ensemble pair-seed0 are scored as one by a test_evaluator, and .*tiny.py has none'):
        run_suite(suite, tmp_path / 'out', only=['pair'], options={'train_cfg.max_epochs': 1})


def test_failed_training(tmp_path, monkeypatch):
    monkeypatch.setattr(Children, 'run', lambda self, command: 1)
    with pytest.raises(RuntimeError, match='training .*tiny.py failed; its log is in .*simclr-seed0. Start the suite again'):
        run_suite(write_suite(tmp_path), tmp_path / 'out', only=['simclr'])


def test_every_config_is_built_before_the_first_training(tmp_path, trainings, capsys):
    """All that is wrong with any of them is said at once, and nothing is trained or made."""
    good = write_config(tmp_path)
    bad = dict(
        network="model['backbone']['type'] = 'ResNett'\n", argument="model['temprature'] = 0.2\n", optimizer="optim_wrapper['optimizer'] = dict(type='SGDD')\n",
        data="train_dataloader['dataset'] = dict(type='ImageFolder', data_root='nowhere', _delete_=True)\n",
        test="benchmark['test']['supervision'] = 'non'\n", protocol="benchmark['protocols'] = dict(knn=dict(q=5))\n",
        hook="custom_hooks = [dict(type='MissingHook')]\n", loop="train_cfg = dict(type='NoLoop')\n",
        schedule="param_scheduler = [dict(type='NoScheduler')]\n", syntax='def\n')
    configs = {name: write_config(tmp_path, extra=text, name=f'{name}.py') for name, text in bad.items()}
    path = tmp_path / 'suite.py'

    def write(names):
        runs = [dict(method='good', config=str(good)), *(dict(method=name, config=str(configs[name])) for name in names)]
        path.write_text(f"suite, protocols, runs = 'tiny', ['knn'], {runs}\n")

    write(['syntax'])
    assert main(['suite', str(path), '--out', str(tmp_path / 'out')]) == 1
    assert 'syntax-seed0' in capsys.readouterr().err
    write([name for name in bad if name != 'syntax'])
    assert main(['suite', str(path), '--out', str(tmp_path / 'out')]) == 1
    error = capsys.readouterr().err
    assert f'{path}: 9 faults, and nothing was trained:' in error, error
    for name, text in dict(network='ResNett', argument='did you mean temperature?', optimizer='SGDD', data='nowhere does not exist', test="supervision='non'",
                           protocol="'q'", hook='MissingHook', loop='NoLoop', schedule='NoScheduler').items():
        line = next(line for line in error.splitlines() if f'{name}-seed0 ({configs[name]}): ' in line)
        assert text in line
    assert 'good-seed0' not in error and not trainings and not (tmp_path / 'out').exists()


def test_values_before_a_protocol_that_refuses(tmp_path, capsys):
    """They are shown, recorded and in the table."""
    config = write_config(tmp_path, extra="benchmark['protocols']['svm'] = dict()\n")
    path, out = tmp_path / 'suite.py', tmp_path / 'out'
    path.write_text(f"""
suite, protocols = 'tiny', ['knn', 'svm']
runs = [dict(method='random', config={str(config)!r}, checkpoint='random')]
""")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmwsl.protocols.SVM.run', lambda self, source: (_ for _ in ()).throw(ValueError('too few images')))
        assert main(['suite', str(path), '--out', str(out)]) == 1
    shown = capsys.readouterr()
    value = next(record['value'] for record in read_records(out / 'records.jsonl') if record['metric'] == 'knn5_top1')
    assert f'random knn: knn5_top1 {value:.2f}, ' in shown.out and 'too few images' in shown.err
    assert f'| random | {value:.2f} |' in (out / 'table.md').read_text()


def test_another_checkpoint_is_scored_anew(tmp_path, capsys):
    """A record of the file that was there before does not count, and is not mixed with the new ones."""
    config = write_config(tmp_path)
    for seed in (0, 1):
        train_here(config, tmp_path / f'run{seed}', train_cfg__max_epochs=1, randomness__seed=0, optim_wrapper__optimizer__lr=0.1 + seed)
    checkpoint, path, out = tmp_path / 'a.pth', tmp_path / 'suite.py', tmp_path / 'out'
    path.write_text(f"""
suite, protocols = 'tiny', ['knn']
runs = [dict(method='simclr', config={str(config)!r}, checkpoint={str(checkpoint)!r})]
""")
    assert main(['suite', str(path), '--out', str(out)]) == 1
    assert f'checkpoint {checkpoint} does not exist' in capsys.readouterr().err
    for count, seed in ((2, 0), (2, 0), (4, 1)):
        shutil.copy(tmp_path / f'run{seed}' / 'epoch_1.pth', checkpoint)
        run_suite(path, out)
        assert len(read_records(out / 'records.jsonl')) == count
    hashes = [record['settings']['checkpoint']['sha256'] for record in read_records(out / 'records.jsonl')]
    assert [len(each) for each in hashes] == [12] * 4 and len(set(hashes)) == 2
    rows = (out / 'table.md').read_text().splitlines()[2:]
    assert [row.split(' | ')[0] for row in rows] == [f'| simclr (a.pth {each[:8]})' for each in hashes[::2]]


HOLD = 'import sys, time; from mmwsl.files import lock\nwith lock(sys.argv[1]):\n    print("held", flush=True)\n    time.sleep({})'


def test_what_runs_already_is_left_alone(tmp_path, monkeypatch, capsys):
    """A run that another suite works on is refused; a training whose suite was killed is waited for."""
    suite, folder = write_suite(tmp_path), tmp_path / 'out' / 'runs' / 'moco-seed0'
    folder.mkdir(parents=True)
    monkeypatch.setattr(Children, 'run', lambda self, command: 1)
    command = ['suite', str(suite), '--out', str(tmp_path / 'out'), '--only', 'moco']
    for name, seconds, expected in ((SUITE_LOCK, 600, 'another suite works on moco-seed0 in'), (LOCK, 5, 'moco.py failed')):
        process = subprocess.Popen([sys.executable, '-c', HOLD.format(seconds), str(folder / name)], env=child_environment(),
                                   cwd=ROOT, stdout=subprocess.PIPE)
        try:
            assert process.stdout.readline() == b'held\n'
            assert main(command) == 1
            shown = capsys.readouterr()
            assert expected in shown.err
            assert ('another training runs in' in shown.out) == (name == LOCK)
        finally:
            process.kill()
            process.wait()


def test_unknown_method(tmp_path, capsys):
    assert main(['suite', str(write_suite(tmp_path)), '--out', str(tmp_path / 'out'), '--only', 'moco', 'mocov3']) == 1
    assert '--only mocov3: the suite has random, simclr, moco' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.mark.slow
def test_suite_as_a_process(tmp_path):
    """Nothing replaced: tools/run_suite.py and the training it starts."""
    suite, out = write_suite(tmp_path), tmp_path / 'out'
    command = [sys.executable, str(ROOT / 'tools' / 'run_suite.py'), str(suite), '--out', str(out), '--only', 'simclr',
               '--cfg-options', 'train_dataloader.batch_size=16']
    suite.write_text(suite.read_text().replace('seeds=[0, 1]', 'seeds=[1]'))
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    records = read_records(out / 'records.jsonl')
    assert {(record['method'], record['seed']) for record in records} == {('simclr', 1)}
    assert records[0]['command'].startswith('python tools/run_suite.py suite.py --out out ') and records[0]['config'] == 'tiny.py'
    log = '\n'.join(path.read_text() for path in (out / 'runs' / 'simclr-seed1').glob('*/*.log'))
    assert '320 images, 1 ranks x 16 per step: 20 steps an epoch, 20 steps in all' in log
    shutil.rmtree(out / 'runs')


@pytest.mark.long
def test_signals_and_kills_of_a_suite(tmp_path):
    """Stopped, killed and started again at once: one training at a time, which goes on where it was."""
    config = write_config(tmp_path, extra="""
train_cfg = dict(max_epochs=3000)
default_hooks['checkpoint'] = dict(interval=3000)
""")
    suite, out = tmp_path / 'suite.py', tmp_path / 'out'
    suite.write_text(f"suite, protocols, runs = 'tiny', ['knn'], [dict(method='simclr', config={str(config)!r})]\n")
    run = out / 'runs' / 'simclr-seed0'
    command = [sys.executable, '-m', 'mmwsl', 'suite', str(suite), '--out', str(out)]

    def start():
        logs = set(run.glob('*/*.log'))
        process = subprocess.Popen(command, env=child_environment(), cwd=ROOT, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 300
        while not any('Epoch(train)' in log.read_text() for log in set(run.glob('*/*.log')) - logs):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()[1]
            time.sleep(0.2)
        return process

    steps = []
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, 143)):
        process = start()
        process.send_signal(number)
        process.wait(timeout=60)
        assert process.returncode == code
        if number != signal.SIGKILL:
            steps.append(max(int(path.stem.removeprefix('iter_')) for path in run.glob('iter_*.pth')))
            assert f'{number.name}: the suite is stopped' in process.communicate()[1]
    assert 0 < steps[0] < steps[1]
    text = log_text(run)
    assert text.count('resuming from') == 2 and text.count('stopped after iteration') == 3  # the killed suite's child too
    with lock(run / LOCK, wait=False):  # nobody is left
        pass


def test_suite_of_layers(tmp_path, trainings, capsys):
    """A layer without a record is judged, one with a record is not; how a run is judged does not train it again."""
    config = write_config(tmp_path, extra="""
model['backbone']['out_indices'] = (4,)
benchmark['pooling'] = 'rotnet'
""")
    path, out = tmp_path / 'suite.py', tmp_path / 'out'

    def write(layers, table='layers'):
        path.write_text(f"""
suite, protocols, table = 'layers', ['knn'], {table!r}
options = {{'benchmark.layers': {layers}, 'train_cfg.max_epochs': 1}}
runs = [dict(method='random_rescaled', config={str(config)!r}, checkpoint='random_rescaled', options=options),
        dict(method='simclr', config={str(config)!r}, options=options)]
""")

    write([1])
    run_suite(path, out)
    write([1, 3])
    capsys.readouterr()
    table = run_suite(path, out)
    assert '[2/2] simclr-seed0: to do: knn of layer 3' in capsys.readouterr().out
    assert len(trainings) == 1
    found = [(record['method'], record['layer'], record['pooling']) for record in read_records(out / 'records.jsonl')
             if record['metric'] == 'knn5_top1']
    assert found == [('random_rescaled', 1, 'rotnet'), ('simclr', 1, 'rotnet'), ('random_rescaled', 3, 'rotnet'),
                     ('simclr', 3, 'rotnet')]
    assert '| method | million pixels | layer 1 | layer 3 |' in table and '| random_rescaled | 0 | ' in table
    write([1], table='rows')
    with pytest.raises(ValueError, match="table='rows' is unknown; choose one of methods, datasets, layers, matrix"):
        run_suite(path, out)


def test_suite_as_a_matrix(tmp_path):
    config = write_config(tmp_path)
    runs = [dict(method=name, config=str(config), checkpoint='random', seeds=[seed])
            for seed, name in enumerate(('random', 'crop', 'blur', 'crop+blur'))]
    (tmp_path / 'suite.py').write_text(f"suite, protocols, table, runs = 'pairs', ['knn'], 'matrix', {runs}\n")
    table = run_suite(tmp_path / 'suite.py', tmp_path / 'out')
    assert '| knn5 top1 | crop | blur | mean of pairs |' in table and 'random: ' in table
    assert (tmp_path / 'out' / 'matrix.png').is_file()


def test_views_of_the_augmentation_suite():
    """Each run is one transform or two on one branch, buildable, and the image itself on the other."""
    suite = load_config('mmwsl::suites/simclr_augmentations.py')
    assert len(suite.runs) == 1 + 9 + 35  # the untrained network, nine alone, 36 pairs but two crops
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    for run in suite.runs[1:]:
        cfg = load_config(run.config, run.options)
        preprocessor = MODELS.build(cfg.data_preprocessor)
        changed, same = preprocessor(dict(inputs=images), training=True)['inputs']
        assert [len(pipeline) for pipeline in preprocessor.views] == [len(run.method.split('+')), 0], run.method
        assert torch.equal(same, preprocessor(dict(inputs=images))['inputs'])
        assert changed.shape == same.shape and not torch.equal(changed, same), run.method
