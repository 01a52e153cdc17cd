"""Spack: `spack repo add containers/spack && spack install quartic +mpi` (docs/clusters.md)."""

from spack.package import *


class Quartic(CMakePackage):
    """phi^4 lattice field theories as Markov random fields: sample, learn, certify."""

    homepage = "https://example.org/quartic"
    git = "file:///path/to/quartic"  # your clone, or where you got it from

    license("MIT")
    version("main", branch="main")

    variant("mpi", default=True, description="Share runs among the ranks of an MPI job")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("boost@1.74: +graph", type=("build", "link"))
    depends_on("eigen@3.4:3", type="build")
    depends_on("highway@1.0.3:")
    depends_on("fmt@9:")
    depends_on("hdf5@1.10: +hl ~mpi")
    depends_on("tomlplusplus@3.3:")
    depends_on("nlohmann-json", type="build")
    depends_on("cli11@2.1:", type="build")
    depends_on("random123", type="build")
    depends_on("stb", type="build")
    depends_on("zlib-api")
    depends_on("openblas threads=none", type=("link", "run"))
    depends_on("mpi@3:", when="+mpi")

    generator("ninja")

    def cmake_args(self):
        blas = find_libraries("libopenblas", root=self.spec["openblas"].prefix, recursive=True)
        return [self.define_from_variant("QUARTIC_MPI", "mpi"), self.define("QUARTIC_BLAS_LIBRARY", blas[0])]
