# Each remedy for wrong labels against plain training, with 20 and with 40 % of them wrong, three seeds; `clean` is
# plain training on labels that are all right. The labels to test on are right, too.
suite = 'noisy_labels'
protocols = ['accuracy']
noisy, recipe, seeds = 'mmwsl::weaksup/noisy_labels/', '_r18w16_1xb64-cos-16e_digitscenes.py', [0, 1, 2]
rate = 'train_dataloader.dataset.rate'
methods = [
    'cross_entropy', 'generalized_cross_entropy', 'symmetric_cross_entropy', 'bootstrapping', 'co_teaching'
]
runs = [
    dict(
        method='clean', config=f'{noisy}cross_entropy/cross_entropy{recipe}', seeds=seeds, options={rate: 0.0}),
    *(dict(
        method=f'{method}_{round(100 * share)}',
        config=f'{noisy}{method}/{method}{recipe}',
        seeds=seeds,
        options={rate: share} | ({'model.forget_rate': share} if method == 'co_teaching' else {}))
      for share in (0.2, 0.4) for method in methods),
]
