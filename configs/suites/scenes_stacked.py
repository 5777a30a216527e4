# Stacks of ellipses that are three deep, learnt from scenes that are not: order and whole shapes by PCNet-M,
# by rules that need no network, and by a network that is told whole shapes. pcnet_m_direct has the weights of pcnet_m,
# and only what lies right in front of an object hides it; in pcnet_m_distant objects that do not touch have an order,
# too, if whole shapes imply one (hull_distant: the same of hulls), and pcnet_m_published takes the authors' thresholds.
# Three seeds. What else was tried for the order, one seed each: to learn from larger erasers, or from objects of which
# nothing is hidden.
suite = 'scenes_stacked'
protocols = ['scene']
config = 'mmwsl::scenes/pcnet_m/pcnet_m_unet8_1xb64-cos-8e_digitstacks.py'
supervised = 'mmwsl::scenes/supervised_completion/supervised_completion_unet8_1xb64-cos-8e_digitstacks.py'
rule = dict(_delete_=True, type='SceneBaseline')
runs = [
    dict(method='smaller_area', config=config, checkpoint='random',
         options={'model': dict(rule, order='area', shape='visible')}),
    dict(method='area', config=config, checkpoint='random',
         options={'model': dict(rule, order='larger_area', shape='visible')}),
    dict(method='y_axis', config=config, checkpoint='random',
         options={'model': dict(rule, order='y_axis', shape='visible')}),
    dict(method='hull', config=config, checkpoint='random',
         options={'model': dict(rule, order='convex_hull', shape='hull')}),
    dict(method='convex_hull', config=config, checkpoint='random',
         options={'model': dict(rule, order='convex_hull', shape='hidden_hull')}),
    dict(method='hull_distant', config=config, checkpoint='random',
         options={'model': dict(rule, order='convex_hull', shape='hull', distant=True)}),
]
for seed in (0, 1, 2):
    runs += [
        dict(method='pcnet_m', config=config, seeds=[seed]),
        dict(method='pcnet_m_direct', config=config, ensemble=[f'pcnet_m-seed{seed}'], seeds=[seed],
             options={'model.direct': True}),
        dict(method='pcnet_m_distant', config=config, ensemble=[f'pcnet_m-seed{seed}'], seeds=[seed],
             options={'model.distant': True}),
        dict(method='pcnet_m_published', config=config, ensemble=[f'pcnet_m-seed{seed}'], seeds=[seed],
             options={'model.order_threshold': 0.1, 'model.shape_threshold': 0.2}),
        dict(method='supervised', config=supervised, seeds=[seed]),
    ]
runs += [
    dict(method='pcnet_m_whole', config=config, seeds=[0],
         options={'train_dataloader.dataset.dataset.objects': (1, 1),
                  'train_dataloader.dataset.dataset.num_scenes': 5500}),
    dict(method='pcnet_m_whole_distant', config=config, ensemble=['pcnet_m_whole-seed0'], seeds=[0],
         options={'model.distant': True}),
    dict(method='pcnet_m_larger', config=config, seeds=[0], options={'model.eraser_scale': (0.8, 2.0)}),
    dict(method='pcnet_m_larger_distant', config=config, ensemble=['pcnet_m_larger-seed0'], seeds=[0],
         options={'model.distant': True}),
]
