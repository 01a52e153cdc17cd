# What makes a build of tools/wheel run on other machines; that script hands it to CMake with QUARTIC_WHEEL, the folder that
# it works in. Included from within project().
#
# A wheel holds everything once: the program is a function of the extension module (python/quartic_program.py), which
# needs no library but the OpenMP beside it, in quartic/lib, and OpenBLAS.
#
# Debian 12's compiler, but linked against an older glibc (link/, of Debian 11): a symbol is then asked for in the version
# that this one had, and link/since.o brings what came later. Glibc 2.27 of 2018 is enough so, which PyPI's OpenBLAS needs
# too. Static are libstdc++ and what pip could not bring (prefix/).
set(link ${QUARTIC_WHEEL}/link)
list(PREPEND CMAKE_PREFIX_PATH ${QUARTIC_WHEEL}/prefix)
set(HDF5_USE_STATIC_LIBRARIES ON)
set(ZLIB_USE_STATIC_LIBS ON)
set(CMAKE_DL_LIBS ${link}/libdl.so)
set(OpenMP_CXX_FLAGS -fopenmp)
set(OpenMP_CXX_LIB_NAMES gomp pthread)
set(OpenMP_gomp_LIBRARY ${link}/libgomp.so)
set(OpenMP_pthread_LIBRARY ${link}/libpthread.so)
set(oldest_glibc "-B${link} -L${link} -static-libstdc++ -Wl,--exclude-libs,ALL,--gc-sections,--as-needed ${link}/since.o")
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS "${oldest_glibc}")
endforeach()
add_compile_options(-ffunction-sections -fdata-sections)

# An extension module exports nothing but what Python asks for.
function(quartic_wheel_extension target)
  target_link_libraries(${target} PRIVATE quartic_app)
  target_compile_definitions(${target} PRIVATE QUARTIC_PROGRAM_IN_MODULE)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_options(${target} PRIVATE -Wl,--version-script=${QUARTIC_WHEEL}/exports)
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/lib" BUILD_WITH_INSTALL_RPATH ON)
endfunction()

# For the Pythons from 3.12 on, with the headers of a later one; it is not part of any installation.
function(quartic_stable_extension)
  get_target_property(sources _quartic SOURCES)
  get_target_property(folder _quartic SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  list(FILTER sources INCLUDE REGEX "bindings/[^/]*\\.cpp$")
  set(Python_INCLUDE_DIRS ${QUARTIC_WHEEL}/python/usr/include/python3.13 ${QUARTIC_WHEEL}/python/usr/include)
  nanobind_build_library(nanobind-static-abi3)
  target_compile_definitions(nanobind-static-abi3 PUBLIC Py_LIMITED_API=0x030C0000)
  add_library(_quartic_stable MODULE EXCLUDE_FROM_ALL ${sources})
  set_target_properties(_quartic_stable PROPERTIES PREFIX "" OUTPUT_NAME _quartic SUFFIX .abi3.so UNITY_BUILD_BATCH_SIZE 5
                        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/stable)
  target_link_libraries(_quartic_stable PRIVATE nanobind-static-abi3 quartic_run)
  nanobind_opt_size(_quartic_stable)
  quartic_wheel_extension(_quartic_stable)
endfunction()

function(quartic_wheel)
  set(sources ${QUARTIC_APP_SOURCES})
  list(FILTER sources EXCLUDE REGEX "app/main\\.cpp$")
  add_library(quartic_app OBJECT ${sources})
  foreach(property INCLUDE_DIRECTORIES LINK_LIBRARIES COMPILE_OPTIONS)
    get_target_property(value quartic_program ${property})
    set_target_properties(quartic_app PROPERTIES ${property} "${value}")
  endforeach()
  # The module may not find the old glibc where it was linked, not even to write the stub.
  file(COPY ${link}/libquartic_gomp.so DESTINATION ${PROJECT_BINARY_DIR}/python/bindings/lib)
  quartic_wheel_extension(_quartic)
  quartic_stable_extension()
endfunction()
cmake_language(DEFER CALL quartic_wheel)
