# Built-in data only. Chance is 10 %: random weights stay near it because backgrounds, colours, places and sizes vary.
suite = 'quickstart'
protocols = ['knn', 'linear', 'svm']
runs = [
    dict(
        method=method,
        config='mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py',
        **settings) for method, settings in (('random', dict(checkpoint='random')), ('rotation', dict()))
]
