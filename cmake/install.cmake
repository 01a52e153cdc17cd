# Installation: as a CMake package for C++ users; the program into bin/ (or the wheel's scripts).
if(SKBUILD)
  if(QUARTIC_APP)
    install(TARGETS quartic_program RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR})
  endif()
  return()
endif()
