# Clusters of real images by encoders that learnt the codes of generated ones, on a second set: handwritten digits
# before photographs. `cluster_nmi` of FineGAN beside InfoGAN's and beside `cluster_nmi_pixels`, those of raw pixels.
suite = 'generative_digits'
protocols = ['generation']
runs = [
    dict(method=method, config=f'mmwsl::generative/{method}/{method}_g16_1xb32-const-16e_digitscenes.py',
         seeds=[0, 1, 2])
    for method in ('finegan', 'infogan')
]
