# Installation. Component `python` is what a wheel holds: the program (and the extension, python/bindings). Component
# `development` is the library for C++ users: find_package(quartic) has
# quartic::quartic, the numerics, and with COMPONENTS run quartic::run, data, configs, run files and what a run does.
include(CMakePackageConfigHelpers)

if(QUARTIC_APP)
  if(QUARTIC_WHEEL)
    install(FILES python/quartic_program.py DESTINATION . COMPONENT python)
    set_target_properties(quartic_program PROPERTIES EXCLUDE_FROM_ALL ON)
  elseif(SKBUILD)
    install(TARGETS quartic_program RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT python)
  else()
    install(TARGETS quartic_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  endif()
endif()

if(TARGET quartic_mpi)  # where src/mpi/ranks.cpp looks for it
  set_target_properties(quartic_mpi PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  if(SKBUILD)
    install(TARGETS quartic_mpi LIBRARY DESTINATION quartic COMPONENT python)
  else()
    install(TARGETS quartic_mpi LIBRARY DESTINATION lib/quartic COMPONENT program)
  endif()
endif()

if(TARGET quartic_run)
  set(QUARTIC_RUN_TARGET quartic_run)
endif()
set(QUARTIC_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/quartic)
install(TARGETS quartic ${QUARTIC_RUN_TARGET} EXPORT quartic_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/quartic DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT quartic_targets FILE quartic-targets.cmake NAMESPACE quartic:: DESTINATION ${QUARTIC_CONFIG_DIR}
        COMPONENT development)
configure_package_config_file(cmake/quartic-config.cmake.in ${PROJECT_BINARY_DIR}/quartic-config.cmake
                              INSTALL_DESTINATION ${QUARTIC_CONFIG_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/quartic-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/quartic-config.cmake ${PROJECT_BINARY_DIR}/quartic-config-version.cmake
        DESTINATION ${QUARTIC_CONFIG_DIR} COMPONENT development)

# pkg-config: quartic, and with data, configs, run files and runs quartic-run. Both follow where they are installed.
file(RELATIVE_PATH QUARTIC_PC_UP "/p/${CMAKE_INSTALL_LIBDIR}" "/p")
configure_file(cmake/quartic.pc.in quartic.pc @ONLY)
set(QUARTIC_PC_FILES ${PROJECT_BINARY_DIR}/quartic.pc)
if(TARGET quartic_run)
  list(JOIN HDF5_HL_LIBRARIES " " QUARTIC_PC_HL)
  list(JOIN HDF5_C_LIBRARIES " " QUARTIC_PC_HDF5)
  configure_file(cmake/quartic-run.pc.in quartic-run.pc @ONLY)
  list(APPEND QUARTIC_PC_FILES ${PROJECT_BINARY_DIR}/quartic-run.pc)
endif()
install(FILES ${QUARTIC_PC_FILES} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
