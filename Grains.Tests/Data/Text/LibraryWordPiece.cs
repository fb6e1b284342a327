using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>A tokenizer.json of WordPiece, and what tokenizers 0.23.2 makes with it, with seven normalizers, of texts.</summary>
internal sealed record LibraryWordPiece(
    JsonObject Tokenizer, IReadOnlyList<JsonObject?> Normalizers, IReadOnlyList<string> Texts, int[][][] Ids, IReadOnlyList<string> Decoded)
{
    /// <summary>
    /// SHA-256 of a line for each Unicode scalar value: itself, what clean_text, handle_chinese_chars, strip_accents and lowercase make of
    /// it alone, and into how many words it parts two letters around it.
    /// </summary>
    public const string Characters = "593ba1b9314bc742b2ab66407ca9324de1095293f4fcc5420717a5902692111a";

    private const string Packed =
        "H4sICCY2DGsCA3dwLmpzb24A7VzvTxzXuf5Xjjet+LKgnZ3ZX1ZUCdNUumoTRU3TYJsILcs6RiGLC0sCVJbAeJPS6srC102KlBpXa4eilBjapsVtfC3tUOULsOtvfI"
        + "zjXKup7r3pn3Cf533P7M6udw22cdpbOTHMM2dm3l/nPe95z3uG+XGkOPZ6vjAykx+PHP1x5M38+MTIWCFyNOL0xCLRSHF8spDLFqWpMDk6Go2cyQ4PjxReC05xlh8e"
        + "FBoTkaMnfxwZGY4cjUUjubFCMV8ogtDJF3u//SpITeCp0fzgW2PjuONUdnQiH42MThTHR87UT8ebTwtj429kRyFa44GJM/ncSHY0chSC5c9GlZ3TxO7lF777ZNnFm9"
        + "j1fe+lJ8vObWL30nMvPll2XhO753tfesLW9GJNCj5byL/1rUNnKOdnXw3dNF735/H8YNMQKE6fyUOQY/nx4ovj+R/UL53FvWMTxcEz42O5/MTEWJ3CcD43Ntz07CuQ"
        + "+sWRfC4fEfqnRqbQ+MwzOMuN5rOFyTOBCSJv4MnRDk9OFl5XyUJeTUONFCZhnMGJySFaZ7CZwRvZqcGRwpnJ4mDudHZ8YvBMftwa0cEweXMslx0iuxj8Cj3t4JCMRh"
        + "I4pKN2pHL0KjsOLPVv+ry6Ht3RegVdpXgaUicoa+QoCD3zTPbUqcjRlKChUVwD2R9NjuRejxzNRCOn86OjYyALDpBp1ApFiZw4jzkAl88K8ohEXgccpqagoyM8phSn"
        + "FAOBycBkDP8BZ9ganMXB6QgODhsJwOYbOAgTAvD4Jg4JnhOAfhcOQpoAlKM4CFEAF/S6cQC9HhzibCYQerSpEKJVhQLtikefpZfznACPfgsHeZQAj/biIMoSgMIxHC"
        + "BIHw5ChgCCfBsHEQQgAXrP4SCKEYDed3AQQQhA799wALXv4iBmIwC97+GQ5jkB6D2PnhPpCEDvBRxEOgLQexEHUPs+DqIdAei9hINIRwB6P8BBpANIgd7LOIh0BKD3"
        + "QxxEOgLQewUH0OvHQaQjAL3jOIh0BKB3Ai4k0hHQH3EQ6QhAD26YFtsRgN4gDkKPAPSyOAg9AtCDN2WEHgEnDhyEHgHowSczQo8A9ODCGdCDU2dEWwLQw/yXEW1foz"
        + "uD4GkeRV9BIDnCo2gsCERf51FsKAhkR3kE3Td4FDEFgXKBY0MEFQTKHDiOiCoIlM/wKMIKAuUf8SjqCwLlcR6FsiBQnuBoA+UijyKxIFCe5FEkFgTKb/IoEgsC5bd4"
        + "FEsIAmUOQB0gRBwh0zwKZUGgPMMjKFdKBCKyQtCurBGI0ApBvfJbAhCv/JFAqAvkOKrcJBD6CsHAJzVPZFcIHv4CgUivEDz8RQKRXyF4+O8TgIe/zFAjRlcIHv41Aj"
        + "G7QvDwVwhEC4Xg4a8SiBYKwcO/TiDGV0geG4xi4OH/gUC0UEgtPiFQLQSCx9Y6AThsyZPCQSE4/OUigXBQCA5/+Q/GRnD49DyBcFAIDp/SODoOFYLDp28TiJ0Ugsf2"
        + "HIHYSSF4bL9DIH0hkONyu0wgPBSCxw4Jp4WHQvDYuUAgPBSCxy47gGN09xKBaKEQPHbZARypuySbEQ4KwWGXFs4IB4XgsEubZISDQnL4PQE53CJQDgLBoXqO8wM4VO"
        + "cJhINCcKguEIBDbY4A9Gs/JxD6CkG/9gsCsZJCcKgtEYiVBHIQ1z4mEA4KwaG2SSA6KCSPGwTgcXuRQPpaIXjs/ZJAdFAIHntlzmngsLdCIBwUgsPeKoFwUAgOn5Uv"
        + "EYkaFoPLZ1epkQ5ri9NsvUqU0VZiDu7Prv6ayNFWwXG2fkTkaqtgcrtKzXRStFi4fUJkuQkWbreILDdijvXPrr1DpNwUk9u1fydSborJ7QNKzgH/2Qek6on9LE6x9T"
        + "+J0toqGNw+WyFVHfUWO2z9GVFcWwW7bCUvjvw752eJRDOLk2yVO1PaKjjN1otEGW0l5vi/U/oVkWhmcZyt14hcbRVMbiValEHgTul3REm9Lhjc7rzNftA4YHGGrez1"
        + "VExbBTts/ZAorq2CXbZeJ/K0VTC5La0RKTfF5LZ2nki5KSa3P11mvqTcFJPbTdpGZ2yLye3mT4iUm2Jyu0V9GBnu3GKfpdWOisHt81laNC12VMz48Pks+0QDhMVxtt"
        + "K3NURY7LGVI1KDhMXg9vkv6Dc6vVtMbjcYC3SSF+wyVtydPUck3CyOs/UjIldbBXtsvU6U0FbB4HZ3bolIuFmcZusHRBltJWbcuDu3QqTcFJPbHDlo6LCY3ObIwVFu"
        + "isnt3IdEyk0xuZ27RaTcBDOG3J3/KZFyUwxuX2yuEQk3iz223iRKaKtgcPviT78hEm4Wg9t/rb1HBG733n2HybL4iMXgdu+9a0Tgde99PqNRxGLwuvfLDSLhZTF4/X"
        + "XjJ0TCy2Lw+nKesjCKfPnBu1zjCC+Lwetv67NE4o8Wu2ydI/KI2KeaNFgMXn/7mHozhvxtU54Bp/9+9/dEYkPFjCH/8/P3icSGFoPX3xffWSAUxYITcPv7L0s0jYaR"
        + "4CQp7b8gTNl2OUlL+2XCjG3nCWMJ4BVCRyCtqRl8cOJKO3VIerZdThLSTg9KCteLFDhpueoJuV6++itC5aonjCp/v3yNw0IzjOAkLu3nCV3bLieetNOpNNMITsh3eX"
        + "GVUPnaE/JdvvhnwgzhVdpGo0twQm2Xr60Tqrb2hNpemWU/aYQJTqjth1doKF0hBCcptl8VmNZ2PSHf61f4qK4YghPw/V+hqAsHi8H1q6uChKnF4PnVbwQliehmGmgs"
        + "BsOvNi8QiXUFeww0X926SSS2tTh+9uzZcAWD9TapQDTVLF5oVDhsuWGwmJ8qasUB65RsYXg0P5g7PVLIT+S1SBBck3rKYDaXyxeKE0F1Y3Tsrfx4LjuRb5Rtvh5uWr"
        + "M5BHZBMaiZnz7xqPwszYfQL6hhPZo5H8jvgAo+YX73K1ivupEmvTXyg9N5I+UgMzQ+9lbBnBqbiprJQvbUKVaLjpjxycJED0TJDhSGBoq5gfGBwrDUcobyldKpz2d/"
        + "/Vrlyum7s7MjES7bCv71nP+HYX/VFLL+9Tfzpq/3O/6C2VqfKGYLQ5Ojxl9GJmL+cvHlH37/ObNb3l3cLdsDmeS35wx+tsvmOaxxsPQfKyApKJqRiUJX0bzc81JPb4"
        + "/5RqInFjNY4n8zIjMRpjXMrpiyMD9h8sXMgikHczOmcuQDmGIxn/I35k8NN4wmjECMHggKUxGZJDCjYNIwmHjwM2s41WiUM4xihlEQyQwjoEFKwrCgcZjhlKHTcLZg"
        + "GGeIZwxnw2U27FyQqB9UxBA7vvrzLXTwGFKmt0aGi6fNxNipYmXt9PSZ0/mCQfQ6Mz7yZrbIiqMU+4xU6YwW+YzU6aT0NyVFQROU80/mRidw9nx24vWIrexJ7fYVPm"
        + "CefeG5V1jGnQr9Z8KY88tBfg58o0xYXCUhUeUUi5zNZAeHunNI/4Yrf6R6WNpgvYHFhcHCBasULEmwesDSBisLg9UD0nv5/TN6Vwlx2yBKm8pNU/mt+bRkPn3bfHre"
        + "IB81yFl3L+0uYz0qaw12yBT6qBvZME778WP2Vk/4K9VzyJiwzNq54K+y5yDA1sbWBtMoLpPZXbvlvdVsdX4Ij/b7CyCyPbe36q9sbZyorNEfxDORdeC6v8CerS3Bbf"
        + "1FpE9ggwv+Ao4zYJKDWx2rLfkL3WiYOoLHzHTtBrmXkJNmeV53ElLu3VofgiRDBr8A+3hDbWmnVJuD5+2tVuez1XPHwaBvpwS5gydhvWPUF/LcXtwrMx+SyarH5I5v"
        + "bcCKn2yXWTOFICtQe8Nf4ZMiNPLAI0d6/eVKCUKZSql2g4TAzF+prJmhiKws2KTqImUmw9oSeuvW1G65dsPfGChA790ybVmbM9qlaKktba1TpekceOBuXs9Bk6WIZJ"
        + "+gV52vlHhH13HmSuJUBqEgyrOt9e3ylNwrrlG+1MPnIeA0LErpoVRtrut4RLMonJ2glLToQMFfmcYTe+XjtbmBAm+G5NtzUHJN77/4fnXeX+3llW5oWVmjnSFyZW2n"
        + "lNum/U6Ay9QMu1aF354Dwazlcr53a0Pcwt/AQyTZDXP8vHaj93h1HjfTLZbRz0vVeRn4V3pM9RwUy1rPhMqkWr5E64kvAaPDT9BHwdhfDCx98f2uvXK/RhqEUDAxx3"
        + "CBgXKv7G+AiowyEDyetTYsXRnKdu2WtzYkInWpfa6x33dKxl8FG8hiqAWYiA7giH+Ae+XqOfrt1ga8fbGPnS/O2dWjnUpCZqifxrq9uHMBDgwHmKuU/AVQ3YU8MoAG"
        + "ClNbpNmPSG+iktVGI8dMH8W/Rflqc7cXxV0kYF7GbdMYbH0gV7sB009Xz80wuSKT/qEjHFNinb0yafX5K+jf5er8lO15f2EG3mqkB/ZWt+c40GAXWAn/aGYYHDYaUv"
        + "nXKqX+Pjo9R8Mc2VP8rXVwmZbYfvW9HRobz5peMzNQ2CvvlCKSD3ZBjP7q/BHx0xMgl7PedSW3ozPBtZ/y0lQO3bqM61AC09gRMKP/CrcrlTVQ3i7Xlo7gaqXE0eJv"
        + "7FyAZWht3A4hemAJf6M6Dxv29gwUlfR5kNnaOFKdx8WtdZ2v2AXXeyA6Q1OllOuj//TsXNhuGBd9PNNFrfwNCoGHjIYG42/cXqRBTF9lDecwsFp6CuiY2vYKfzBuFg"
        + "cKA0Wx0dYG9PKXOboxRfd34V6IsFtmvFhl78s8l91a9xeytRsYJSt75V6qs0CDMtSXL2kIuaKqIzOA0FnGGJgON/RR1/7bi2YLZoHLUwkQ6NdAVD0HM+T85RkWkOgg"
        + "ZDd9xF/omT4OoWT1xaIsFKrOb63vlNi7/kqOIiyegNOWKmsz1Xn8f65He3nqGLq2/8SQzOEQC3GVDiMRRcLkNTNQ0OggDowJALb1V6JwJF6V4euvogvLl/DIHiKiqd"
        + "3o65PQDJqw2AefRMEDz0ZtyNbRxCixsrVuumeqzDOGhuAOIEI7IFSoOW6hKwGmtzHKbi/KUIWJ0Z23F8Ua4iQMlTofHTEDRWNo596dUvfxgSJ4YzjCkP6GzIuMQ0PU"
        + "bBEnvXhi5wL9hzPWBjuk71gP+e2U+mGageIMNejTUYantta7tta7EUbMzPYcwzAEGZIYDRp9mOMGCt04mfYXYSWQ8VdBZchM+atTsuJEaC6eEG+knjjALBVOuFcGCq"
        + "ZPSDLkXs7ulhnDpYM+ok/7G8clntN+MsokxbqS9dGhW+tTvf6CDGfGAR3SM9CIPrk4fUJnG9PNzlInj5q+7HHM1iArc4qKqvM/Z7Tbi7cXt+eyjJE/ldG1gV5dGihU"
        + "50mj2/gr23P9lTV/BUxMbS6CXHpkmJn0yZNONBPFupRbOtwM4lYMt4mwupRTNxaNZ6LJaCqajsadqBN1469GT2KBi2ewbsUiFStS3Ix1J/etnJiLy9wFIRHuVGBByz"
        + "0JrGC5l+FEvVTUS0QTXpT7KLwFDLAE5+4DFv1Y3yeT0UQ8WmcF8tw1sAduDCQcQl7yVEZwYjHOEfniKQEpPh5Npvjb8/g77kbdNIGL00TUTcrvRDSeoMRRFuNY4GIJ"
        + "i8UtN07uXOJzBc9VP1fsXInDJvoE6Xqkl5A78VyagrMEiLU325J4EiqxPIH7YQ3WSrhp4SbFTlQTRzwVi1KZKDsAtovyaSGW9qI88mbcEnNpwRh/xfV5moX/WG5hlW"
        + "X/n4PeRwtzn4B1W5acWMNEv0P4DC3E3mdhlJ3gopuTvB3GZxGeJXeW9lm8Z6meZXUW/Vl0d9R29C8P8uNu7iNx34h7TCzWikXgHGI1l1oLP1aKWX9PpeQgdGhjjyJm"
        + "xJ1YoeJGiXiKPOMpiXhwt1N/jjUROAO04MPJlN6bplIqIfoBfoR/EJ5beNzt4KYKxWJtmNt13GTMxEI9abWDL9APxdrcdGKfUisYimTohFSaN4kns55GpTAQSD5tRY"
        + "DDiGpUh14PbqmM3A5xY3EZUR5dWQzEzU/+eOnANI4dRlHuT1EOJSw9RSk8MiRfVhoda0hWl+kB7EuMhVTgzNw85H4O7cxb1AFZLBTConDGEVOKiVIiqLVTmrb1rJFU"
        + "L6VAl2G3ZZRTutFHaTsWSA8BAVclVnAMeey/YEiJOhgHuCHjaIySG2mfYKSy96iOJ7YUu6RoKPYyH495YkQRLpaQHnddUR9SszGTUXskxP1AWmMhlXepnbCJq9eo08"
        + "RECRJNJ2VAZFQrOoP0iROYMB5YxdHQIMaNsrwtpoP+8DZPnZ/PpRPipxpUxM2kNxNx69VkGpeQkLCjzVFzu0LbkYErztMwNuX0kjIG0up04gLs7rSEMKrNSJNMamcm"
        + "rdvFeClwKkeHILfqqZQnns4tfNJzaa9grKjqqn6GfSHPpdLWIAmyJWeyAHcdnynpfXaFJ46gvlPvYpLjrGTtAfmpatqqwqhJq7GZUnFMBeFD3cNLiI9S3LRGA3amKM"
        + "vRI96KcZSJafyxvurWQ1pch3tajCWWlt6hpdizrviU+B/cmWVncVeZJxjl0hrCqArpuToiOeZF5oTS5AijWJxLXTEOZwoJNxJ14kkhLTEzqWNBHBgzRxA16e10gGDw"
        + "0Gelc+ISEthRaGE0ykhs5GO2H0RBShL3VOeUdnGU+97sQhlaYPAqLp9MPFZq4bTkFFH7fyKmwVB4cntehmMIB2mD/NsnTeB7KlSAk36c09t+iQL3j7gzxR0yV4Yplc"
        + "YP/Iv7Rdx7407cg9IJnNHP6KQuxdBoz11g7t1yz7WOg2PKaU0xeJ7S6UJGSJTbP9IFMjQfOb34p88vWnMLN9Y2p0jUf/j+hZgvldAxo7kEoSNRUX43EgQnpsFXnFmy"
        + "ADse+W4FAx4HmcykTSZPyyzIF7QySpZqkDrZe8GULBmHBCCGNJl84D0ZdU8cuG+naYwXSkHSaZuCQF86G0xG08SsVozXfHGAm/hxe67TeEIIMe+Q4SYTlye8XDl3xH"
        + "niTn0qlmTJFTWoESWlVJTE1WQ2I8LZuKEOarnGNKzVMx+S75D50JqcpsS3w1rH5XE3yKWssUTxuMVOXHxdJynXZkbxYBaQOG37T3xdsGvzIfEgWIA9JXlRXB2KcS4R"
        + "SpYounYxx1w8Y7M/MV09fdKIzjcyAj0kxrTmUE6QhzAGxyW81RMoueoEoortJJS1JlHs7aSwlFQu5HttEil2dca1k5KrBEXsIJ8Km16GQTixysRCwUSndUdJaoZDD7"
        + "HqU3r6WEY9uHPW5aqGzK1U9Yw4iEzVaU1URGabj9U7jf5kczIOAcnJRCTNxRo+HWSWKTvxKzXpsIQyCSVn5ODEGkkZnTJmO4/UQtZh9iAOldJBwPwnbqc7DBEME0oT"
        + "8oBQ9pbRQa7GEcdP2EwsHVNm9KkGs0As+jeNGteUzdpbIlfcrS83YnpJBIpreNDBq51lE77QmocWDCd2FIoTh6ssJbOLNYaiqBf0ZDCKHSec4IlHSjc5VmXrNvahIO"
        + "ZRTMk/YkHkIj3xAVen6mB8S7DSeBiKhfUMUINQkPklgmW0eFlKSw0xrzkVFLHDQUqdMp3RFZPNphzxo0aCp8OFBgtFVatjmJrexzpII/9zY6HkL6YpER03HO6C5M9r"
        + "xKog79POcl0No0E8i4WGYmvKZn0kE9VsVyYXLoKdWJAZyOwm0VjsqzGUJmhoJSYIeqCRzEn81bEUnl+gNhM851ATvP93RaN9c0EOl4PlgpwTKFkQ/p6Wlv6RpSU7ud"
        + "m6Bdc7TJLo3Rzg4h/ufuUnL9XIItuUocIJIoO9EyrbPFxVKlmvSrFcUK9GuTYvDrI6pzWJ40LVLj8ZTahHawJ3eKWrB5StvFSbhE1Jt69fSQemQ7OSzUbSscetZSn7"
        + "h6toJVrTsn1qW/VZ+ZHrW80ZWEwGPisFlGrfwpcYryUVkzZYKZSOibztsjFb7DqcKlmnClmjOtaSd3Wsk3lBqnXAOlm4Rual2iZaXtKGwUT7RIv5UVr6rV5cS0jF6Z"
        + "ALa6Hs64HlNWZfmTaZF13dZl50kSdQbjusOprbWMo/Zi0t1baWdsA6WueqWefUa59qmRuulmmsa1sxcw67YlZPnDQ7OkDehH8J5x+wucbCpZuuR65HqIZJRnTI1bB/"
        + "kWJYIwvinzu1KYalGhtqTasleDQHGBObWPogJbHGNlhzGqPbLKl2la5YulNa85CVLhAKKl2yyRGqdPFckrhYsi5eC6WHSH46Va9iyaa0KJwStRSyqAbFbqljpTJBdP"
        + "VSjU28oGiFkSzPdahZddzgC5UnpGB0X31KJppEu5TI6ZgEsSP3K0QFWY/UDRg/2SsxCTmUTSbLjoWpDglRc12qJSlKCl0a2CZF+5alnCDJaU1qQmWmRjJDv0g7QfmE"
        + "qjyRqpPM7OG9wU4VJjeU9jx8hUkjBS3qagc38htHlNPcJlSWwMOJeGshKZzIaB2JJENlpNAGYVP9KOG07g8mkveXj0I7hO2LRTZ3OWCxyDlQfchL2PwlKA815S1CiA"
        + "vPdtWhZEt1qJ7NhDOZROJBdaFYurEpyLHSVBtqJCnNpaFY4iC7ecl4ozBEkpkHF4UctTQja1NRKJW6ryYUSxzCpl+H94mSbsfSkBa9Mml7evDtwZYCkcKvfbvwSZaI"
        + "Us7hl4j+FWtEoa3CdHK/GpF48EMWifSdjM7loKBvQnuI/Kv4NvuIjOvefW8w1fcTOxWL6vuH+7zC1LwpmGraFEzU5WrZGHTuKyHFDroHKKu3pBqUq+Cmvb/2L0DpVl"
        + "+4lCRveDS9ASWbXx33ANtt83WqKUmElt62JSTrEXY7z5FXLpq39NrWkdpu6j1CHam+tcdigFZBPJucpOo02pWXOm3zNUoLnbb4YsEW36EWmChbfb9PKxsxUaDuZLbm"
        + "JG+qNNWd6juBbepOTTuCh/F6VueNP0q5TzlKhsijvLYlY5pxfN89wLqp7tsH1FAQ2guk7cQ27WpUiVS7GlXTHmGoSBUwtoWq+/cJmytViTYbhRKiQM+L6TZ80O/6mu"
        + "B9m4cy0jj1uKlwKcvuIjbVsuzm4QFrWcHmoXh34HvtXiajkAd/mYxhXItgThDxQ1Wwxmaj01r8at5MTHuNDUXXDUr3MoASdrPCymx3GwPx03aZb/ehOT01ssj7Cl92"
        + "v/HAb5A5yc5vkLXbjqSHPXxRzEk+uYzyn+Ntsq+pMvb0PbHHfU+skcg93lth9ZfDZNg+IJN76DfDEvV6WVznnXpi93hviMVDb4h1rpvF/jFvfaXCb341ZX+P+r6XrT"
        + "g8zjtd+7zH5Rz49a2gbKadEtf3bfT0sN/nai6cHeR9Lqc1hauXb2QpHdPSgxhdM7hDeo/Ls5W4lkwuXFmzGdx+73Q5B3+Tyw3lcwers0lG1/w2VyOjs2WZeNJmdJ7N"
        + "Pu1bXW2KcU49kzuUN7r2f5erqRjXmqa1pmdeU2r2tb7f1SE7q2dmT+D1r+Shvv7V4dWvcCrW9jUwzb8ao7p93a/DK2EHeB3MecDrYDK1PIlXwp7+OeHTd76e/jnh0z"
        + "8nfPrnhE//nPDpnxM+/XPCxstRrwbfxx/m97+K+3z/Sz4xJR8AM0Mmp6fmNXPa8INf9vtT9/32l/1lC6vzuxvVeXuQb3wZ/K/f9jKfzy6Zor2xC2iyx0z0mGyP+YZJ"
        + "9Bj9ypexn/kyX/zpN+bu3HVz771r5t77xB+ZLz9413w5fxP4g7tzS+bu7DnT5oNfhl/8Mvzkl/li86b568ZPzFRd+jvnZ++UfnXn7V9bVG9Ybfr+l97Mj5HqZxblUx"
        + "T8gIResB//uhZ8AKydcR7wOS8j3/MyU6bli172HC11EvqwfNjLPvusvetbdaZfz2e9zJ2lNcMPexn5spcZhId0w0c+n71khk3lj6b+ha/w572uXm1YQ4QNfdHrbfuv"
        + "ulC/R77kBbJ31s4H1vlic62BAjJ1cgVz79137PVuI1/dmq5t8lsi5UtZ/bRNo6fQvdkR+d6W0d8jQ7kQxR6Tm97akI9nbeYKueDR2qZ+Octk/WV+OKu2SSlz8sEs+y"
        + "UucaLf3Xn7euizWZvy2azqfG1TZazOy1ezPlYrSVNtc0S/mmXkw0H2u1m1TfsdkzpVPErP7Kp7H/qvOh+tWy34bJZ86slM3zl/UVz6w7oGH+PZ6Ui03fA3ofFvbAAw"
        + "hxUBzL4hwCAG4CdrJAqYp2HgaRg4hDBgDiEOmA6BAIPkny4UmPtigdkvGLx69v8A8BKuPXpqAAA=";

    /// <summary>All of it.</summary>
    public static LibraryWordPiece Read() => JsonSerializer.Deserialize<LibraryWordPiece>(
        TrainedTokenizer.Inflate(Packed), JsonSerializerOptions.Web)!;

    /// <summary>The tokenizer.json with a normalizer.</summary>
    public string With(JsonObject? normalizer)
    {
        var changed = (JsonObject)Tokenizer.DeepClone();
        changed["normalizer"] = normalizer?.DeepClone();
        return changed.ToJsonString();
    }
}
