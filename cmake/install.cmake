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
