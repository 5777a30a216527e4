# What codes stand for, on scenes whose factors are known: background texture x shape (parent) x color (child), the same
# colors for every parent. Three seeds of FineGAN and InfoGAN.
suite = 'generative'
protocols = ['generation']
runs = [
    dict(method=method, config=f'mmwsl::generative/{method}/{method}_g16_1xb32-const-16e_factorscenes.py',
         seeds=[0, 1, 2]) for method in ('finegan', 'infogan')
]
