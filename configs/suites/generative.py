# What codes stand for, on scenes whose factors are known: background texture x shape (parent) x color (child), the same
# colors for every parent. Three seeds of FineGAN and InfoGAN, one of those without codes.
suite = 'generative'
protocols = ['generation']
runs = [
    dict(method=method, config=f'mmwsl::generative/{method}/{method}_g16_1xb32-const-16e_factorscenes.py',
         seeds=seeds)
    for method, seeds in (('finegan', [0, 1, 2]), ('infogan', [0, 1, 2]), ('stackgan_v2', [0]), ('lr_gan', [0]))
]
