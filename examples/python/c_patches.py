"""A field on patches of a photograph: scored, drawn from, in a Pipeline and a grid search."""

import quartic
from sklearn import datasets, model_selection, pipeline, preprocessing
from sklearn.feature_extraction.image import extract_patches_2d

patches = extract_patches_2d(datasets.load_sample_image("china.jpg").mean(2), (4, 4), max_patches=2000, random_state=0)
X = (patches - patches.mean((1, 2), keepdims=True)).reshape(2000, 16)  # their shape, not their brightness
pipe = pipeline.make_pipeline(preprocessing.StandardScaler(), quartic.LatticeField(noise=0.1, random_state=0))
search = model_selection.GridSearchCV(pipe, {"latticefield__lattice": ["chain", "square", "king"]}, cv=2).fit(X)
table = zip(*(search.cv_results_[key] for key in ("param_latticefield__lattice", "mean_test_score", "std_test_score")))
print(*(f"{name} {mean:.1f} +- {std:.1f}," for name, mean, std in table), search.best_estimator_[-1].sample(3).shape)
