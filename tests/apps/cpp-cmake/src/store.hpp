#pragma once

#include <string>

/// What is in stock, from a database in memory.
std::string stock();
