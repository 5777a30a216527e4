# Hide-and-Seek beyond localization, with and without, on the ORL faces: people who were never seen found again by the
# features of an identity classifier (mAP and rank-1), and photos of people who were; five seeds. Emotions, ages and
# persons by several cameras have recipes of the same kind, and none of their sets comes with this repository.
suite = 'hide_and_seek_elsewhere'
protocols = ['retrieval']
table = 'datasets'
recipes, seeds = 'mmwsl::classification/', [0, 1, 2, 3, 4]
runs = [
    dict(
        method=f'{task}{ending}',
        config=f'{recipes}{method}/{method}_r18w16_1xb32-cos-80e_{data}.py',
        seeds=seeds)
    for task, data in (('identity', 'orlfaces'), ('people', 'orlpeople'))
    for method, ending in (('resnet', ''), ('hide_and_seek', '_hide_and_seek'))
]
