# What pip builds has its own OpenBLAS, PyPI's, which knows the CPUs of today: Debian 12's sends many of Intel's since 2023
# to kernels of 2004. It lies in the package's lib, and while building in the build's, where programs look for it.
if(NOT SKBUILD OR QUARTIC_BLAS_LIBRARY)
  return()
endif()
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
execute_process(COMMAND ${Python_EXECUTABLE} -c "import importlib.metadata as m, scipy_openblas32 as b
licence = next(f for f in m.files('scipy_openblas32') if f.name.startswith('LICENSE'))
print(b.get_lib_dir(), b.get_library(fullname=True), licence.locate(), sep=';')"
                OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE missing)
if(missing)
  message(STATUS "No scipy-openblas32 in ${Python_EXECUTABLE}: the system's OpenBLAS will be loaded")
  return()
endif()
list(GET found 0 folder)
list(GET found 1 name)
list(GET found 2 licence)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
file(COPY_FILE ${folder}/${name} ${PROJECT_BINARY_DIR}/lib/${name} ONLY_IF_DIFFERENT)
install(FILES ${folder}/${name} DESTINATION quartic/lib COMPONENT python)
install(FILES ${licence} DESTINATION quartic/lib COMPONENT python RENAME LICENSE-openblas.txt)
