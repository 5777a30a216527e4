# Which shortcuts a jigsaw network takes, and what keeps it from them: docs/shortcuts.md. Run by tools/shortcuts.py,
# which also solves the puzzles of the test scenes under each of `conditions`. Chance is 1 in 24 (4.17 %).
suite = 'shortcuts'
protocols = ['knn', 'linear']
config = 'mmwsl::selfsup/jigsaw/jigsaw_r18w8_1xb64-cos-2e_digitscenes.py'
seeds = [0, 1, 2]

aberration = dict(type='ChromaticAberration', strength=0.1)
vignetting = dict(type='Vignetting', strength=0.4)
dropping = dict(type='ColorDropping')
projection = dict(type='AberrationProjection')
gain = dict(type='RandomRadialGain', stops=3)

# How the test scenes are altered before the run's own counter-measure, and which options hold then.
conditions = dict(
    clean=dict(),
    aberration=dict(views=[aberration]),
    vignetting=dict(views=[vignetting]),
    gap=dict(options={'model.patch_size': 12}))

runs = [
    dict(method='random', config=config, seeds=seeds, checkpoint='random'),
    dict(method='clean', config=config, seeds=seeds),
    dict(method='continuity', config=config, seeds=seeds, options={'model.patch_size': 16}),  # the whole cell
    dict(method='continuity+gap', config=config, seeds=seeds, options={'model.patch_size': 12}),
    dict(method='aberration', config=config, seeds=seeds, options={
        'data_preprocessor.views': [[aberration]]}),
    dict(method='aberration+dropping', config=config, seeds=seeds, options={
        'data_preprocessor.views': [[aberration, dropping]], 'countermeasure': [dropping]}),
    dict(method='aberration+projection', config=config, seeds=seeds, options={
        'data_preprocessor.views': [[aberration, projection]], 'countermeasure': [projection]}),
    dict(method='vignetting', config=config, seeds=seeds, options={
        'data_preprocessor.views': [[vignetting]]}),
    dict(method='vignetting+gain', config=config, seeds=seeds, options={
        'data_preprocessor.views': [[vignetting, gain]], 'countermeasure': [gain]}),
]
