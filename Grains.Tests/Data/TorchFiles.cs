using System.IO.Compression;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Files that torch.save of PyTorch 1.13 wrote, of an LSTM and a linear layer whose weights are i / 64 - 0.5.</summary>
internal static class TorchFiles
{
    private const string State =
        "H4sIAAAAAAACA52VT2wbRRTGZ23Hcd1NakooAUoJbVpcSB3HdkIp+YdbWUjLH9cp0gohOY69ZC1M7OcdB3GIZA4J4ZZjTygSQuoJ9dhDKTlVPablUlUcfOyxEpce"
        + "+WZnqXbWbQpd6eexZuf73nu7b2aLRjjCWCzG+q5hNsIcXuHWZK3CK6nWN41CPsG+DFzdULXabDSsKq8315z45+2a1bZql+pVHid2tkRa0kzArL22lvrOqq/avFy3"
        + "y400haq82a7aqXKH1xtOvNy2Vjr1Rq3MrTWn2S6vZ+IUTibNQWgdrKysWhSRknih0azwJTkZpwFTw5o0Rc0wxmqrQ4PGKKfYZYMZuhHaokNGyNC2KP6TLfI5zEkv"
        + "0VAwKdtNathGTDtiS88pOmIPGuOcEtIrvEUvGWHhdVR6vcxppESvmMOe10q94njlHVOcMvQqnHROo67TJr1maJv0unR5g9PxEr2push8TiguWXpLuox5Lm8Ll5PS"
        + "5RSn8RKdNg9joW1Val5hdEaxyNE7sAhzSgoLTZR0Vpb0rrR5j9NEic6Zh/61EdlQSjGZpkmYaJzSrskmTYmfjDTIcsqVaLqzQTOuSflbi1dEA9H77v3zSVM0F32w"
        + "QRfct7tutR20Dn1oaI77CvEMaHaD5mx3JuIlQvMbtOBOdZyVVNEYjG1uf3p5PQQDUHxmF+ss4eviyXQhrys9jCV/MPb4FmOPwEPQA/fBPrgD9sANcB1cA7vgKtgB"
        + "26ALWmAZFMEiSIMxkLglMv1x6YG+jECCgzI94890qpA/2bfb+i8IRc6/I0+wC7pgETDx/6b07s7iZw7zoAt2wR7oATaPPMEYSINFUATLoAW6YBvsgKtgF1wD18EN"
        + "sAfugH1wf17U+8t26bcdGO88p94Zf72ZQj7zH+rtr7+HuA/BI/AYsAXGIiAGdJAAI2AUHF8Q+fWWtAdpcWg8J79j/vyyhfxR9rT4Y/AdB0kwAdIgB86DWbAILoGP"
        + "wSdu/M/0u1//7/i5Z8UvwvcKMF3vv/dPXdRd9cHeF/ze04X8zAs8exn/Kzfu972JH8RejRwYd4h95MX1tn0hP/eCgb0rGxfR7/68+gWOARZyo2tieBLff04M92Wk"
        + "fuGCWv/O1RXd7RBTzpWg0r8HVGUrrCingkp/d6rK5YiizASV/r5SlWxAUWaDSn/XqMquqswFlf73rir/UpXTQaX/nQ0pyitRpnZJ0YhGJ7ybJ8LnniyMBcY/NTne"
        + "i8oROvGJYb96CzR3biAqNTF3vVz7DwKrKBAHCQAA";

    private const string Half =
        "H4sIAAAAAAACA6WVy08TURTGz3SglFLwycM3KmpF6HtgWmMcG9OQzEKsMWnYtKUdmcYGPO0F48LkxgQStq7caNC4ML4VSl3OWle6My4kauIf4D/gnd6qM4NCiJO0"
        + "N52e3/d9d+65d8ZVsQXA44F1Vyd0g54vXwkW8yQfuHa1nErugAnnRV03EfyZ7QyoTE8HrmulKZ1kS3q2HEKhQGYqBT2QnSWlctWbrWiTs6VyMUu06epMJTsX8aLL"
        + "78+0MbbKKvNTGooc8Y4x40v8nhdbMgIrCWFrRmRj4dosutU+gm0XVVB9qmsBPapLFRawfbFQmCmXtQIpzUxXvRcqRa2iFc+XCsSL3pNp7CDoS2OnM6zeCNulsyy6"
        + "qHOzMG7T3eoAwe3cRFzAHapomuxc1E2tXQR3p7E709XUmizlq81p99iUItjLlHwE+xpK87hHFeZxL1fZR3B/Gg/YVXiegzaVKB7iKv1NlcOmyhGucpTgQBqPZTpY"
        + "oa7li82J4XGbRAxPMAmRoN+UEMwpneRTGuQypwgOpXE40/5LxkyDAZuIhEEmIhAMNUTmMWx+RbhAlGAsjdJsYFxt83z+7o52uwDMz/g/m6wDIn+aLBhKJQPrW2zD"
        + "C94YdVpX6lA3VumqsgqrRo3WlBrUjBW6oqzACl2GZfoaXtNX8Iq+NKPVpbc/QmZHwcbRei3Rwqnkrr9Fg5fwAp7DM3gKj+ERPGTgAPhhEIZgGAIQhBANQZiGIUIj"
        + "EKVRiCkxGjNiICkSlQwJRpQROmKMmLmODuS/jTGBsU1ynbXkiqSSp7f4yOz5R5VROmqMgtwvK3JOpvKSbMhrspknpzx40ccc+zbJE7TkiaaSp7aSB+L9cSWei9P4"
        + "UtyIr8Uh0Z9QErmE6V+48eXTVv1jW/SniaWE0XD7Onlr2M303Ju4nbO4Sankmf95+hMTaw3v+/KTj2yfgGtDbx+0cO85rVJlR1wqyQ4Gr8m/vzd1+Q8vmMNvBetG"
        + "7FynaTvhnah1o3TYMM0F1n3rBK2dbAdBtIJhJ2htOTt4xwZGnKC1V+ygv8UKRp2gddnt4CMbGHOC1jWzgz2tVlBygtbF8tnA27/A5gKPq273UPO/g+Lw7zqPY3wn"
        + "8PFDKx8ZZ75U4W4b/y007rW6OeNp1PPan5vITvn/BwAA";

    private const string Bfloat16 =
        "H4sIAAAAAAACA6WVTWwTRxiGZ72J42xcMOXPaSlNaVoMJM76JwiheMZ1o1WkRcJ1QbKiSsaxl+xSy85nT+BUyZdEiShSqFQp6qHKMb2RW6TW0xxzBE4cww31xA2O"
        + "nfUYe3cDiSJGskdef8/7vrPzzW5Wl/sQCgTQvjGEzqK5uxPlIi1GF36uaJmTaHb/aPp+ARTJhzhQr1ajDwxr3qQFyyxUVJBKtFYvmdHCIrUqDaVQN+YWrUq5QI1q"
        + "o1Yv3I8r4ItE8gOcbfDK4rwBskCUjFapFWns6o/iugJ9eYmXqdCfl/lcWlgEvx6mMPCDjvSg7luGgO7TpWUYXC2VapWKUaJWrdpQbtbLRt0oT1slqoByKQdDFII5"
        + "+MQb2GwHPmbyPKZsCrMYHDf9+iiFkDCRl+GELtsmn66attZJCqdycDp/rKM1ZxUbnaWfcSnF4SxXClIIt5WWYFiXluAzofI5hXM5+MKtIvKcd6kk4EuhMtJR+cpW"
        + "uSBUvqYwmoNv8kO80DSK5c7C4FuXRBIucgmZQsSWkOwlXRJLuixkrlAYy8F4fvCdjJ0Goi6RSZjgIhIFtS2yBDH7Ky4EEhSSOZhcjGb1gYD1ph4c9iFkf7IfbLRB"
        + "pL5rtAlVy4y9r80+ONC/b9lr9ortsRfsKdtlO2ybPWGbbIOtszW2wppsgd1hWZZmKhthIWbHurdW/lW1uwkdHGu4GyumZU6/PxZie62d1kar2Uq3UKv5D0LNKZRK"
        + "p5qpjdROai+FcAiPYBWncRbfwQu4iVfwGl7HG3gTP8HbeAfv4qf4BbZz/b5UfTzDnWcOyfVdN1dcy6SOdLv2jT38Cr/GbzEifSRAgiRETpEwOUfsPMMPHv4X5o7h"
        + "Q/LEunkSWmb8aHlGyCiJkDGikiS5RqZImkyTGXKj7V88sfXX0fyTR/bPklsk33a7rhVjfq7nP8Tt+67bpJYhH3f3Z2d/anv/Mb71kp8R5DvQW+HZuPd9o97gDzct"
        + "4+PmCcXmn/05f7vHS/bUVXAewqF9mo4nvBd0HpNBF2T5UO/EejFnF7sxJPewmBdzNpsbW3dgcS/m7BE3FunrYQkv5txsN7bpwJJezLlPbuxMfw+b9GLO7VFc2G8C"
        + "62xpVvf7xzr/nJfHu1UBz/y3JObn/WLmnP0SRY8GxG+pfa3fL5hAu17U/g9i84oz7wcAAA==";

    private const string Views =
        "H4sIAAAAAAACA33UP0wTURwH8Nde/3GUWhUVFbEoaFEoF2VwQGkIaUieiddTw8WYtOV64S42bV/vFSaTLhDYGJlMR0bcGPzDyOCAGyMjm4yMfl+vYnuNXvLpa+/e"
        + "9/fey3tXlUoBQiIR0nPFyCBZtc01Z7pY4IVU9UMpMx8n7zxXw/+RkaQeR6BWLqfWTHvF4jnbypUU5jN4pWZYqVyd2yVHztXM5bpdKua4WXYqtdzqE5n5k0k9jKyD"
        + "noUVk0luRM6UKgX+2r0ps4DuQx+FBXUJrVGtsxDVOQtnKaFR6t9gEeqnvg3Wt2UYlVLJNLhdKTvyq1rRrJnFBdvgMpMnNNbPWVRjA97ZWq3ZxixMxpKsgBW0WuUv"
        + "ZekQyksbLE4lUf7yliWqXOHsqsYG9Vi7yrJdcNorvuatcT1LZ2l0nd2gvnU25OZvcnZLY7e78+4chr35O1m6KPIjIn/XzSc4G9XYPb0fecssFNvLYPe94bEsfUN9"
        + "YgHj7gIeuAUecpbU2ITe96eAmAF75I0/ztIlMeyk+JhyoynOpjWm1FMqDUd2l+SZc+yMoP7zHEVxkv6eo2klMy93nCJ0+I4K3wg5g1M4gWM4gkM4gH3Yg11owg5s"
        + "wyY0oAp5UCENCiQgDkTU/Io60IQGpIGI71/cOTZm8fEc96EBTTiAEyAvUAcSoEAaVMhDFRqwCduwA03YhT3YhwM4hCM4hhM4hTM4BzJHSAAiEIU4DMIQDEMCxiAJ"
        + "k6DADDyDWUjDAizCS1DhDejwfk7s049fUiWPPcr/d58GyHh7n1bNmoMXKDM/2vO691xPZTHCz08rb/2oIajUJ5qLMTpPSaxn1O5/GG+2c+bRrtyin3SdKm+yc0YD"
        + "XckziXSvU6Wh0GT74Yg0ddFR8rSf260WcFvkwq3nQfe3r3UvGHIzUqu/2/c3c1xph2UFAAA=";

    private const string Parameters =
        "H4sIAAAAAAACA52VTWwbVRSF39iO7UycNj8FAqQlpQFccBz/QoA0MW4wVaeiZgKShZAc1x4yFib2tV9asUAyi8TpLkgsukKW2HRVZdkFlCy7THdVV2bXZSU2ldhw"
        + "Zp5J5yetFUb6ZuzRO+fcO77znFe8PsaCQeY6JtlJ1ig1S99rXGu25islXoo2vqvlsiPs62dH2/MjsXBhDILmxkb0hlZd13mxqhdrMZLKvN4s69HiJq/WWnKxqV3b"
        + "rNYqxUNXmTzPWcK1jVa9WbyekMkbDhcCsG9hZWldI5+QyLlavcRXxU2ZhgoS1sTIX/DiWm5sUkCZ4hT8QmFKSPFs07DiUaRtkm+Wy/VaTSvzan2jJV9tVrSmVlmp"
        + "lrlMI+dVCnEaVenEjm58OdmhMZXGnd3pZncTukdHbbpPF9lxmtQDyiynUyLTu00vKV4j8+WbptsrnKZUelVYv9ah11WaLpzoW1+rllr9x3baYZygMzBGYW+Yxls0"
        + "o0hbdFaYvsnpnEqzwvStDr2t0jt2U1Ft2GGapPPC9N2+6XuGaUSYznGKqjQvTGMdiquUKIxApWulSv8pUNLhmKIUHL2c0oajZPT/vuj/A+G6wOlDlT4Srh93aFGl"
        + "C4Xh/1yNWmnJ4ZmmZXhKnDKm5xZ9Ypyywu8ipxWVPhV+uQ59ptKlzWheCQT5jcvTP3sYM8g/d8DHWcw54POxXDZiHe+BB3z+ZOzpPcaegMegBx6CA3Af7IO7YA/c"
        + "Bl1wC+yCHdAGDbAG8iADYmAGjN0z2umsPgqtIcjgRe2cdbUTz2VPs0H1GzX/gTpBF7RBBjDj8+/Cu72I0wXcB23QBfugB9gS6gQzIAYyIA/WQAO0wQ7YBbdAF9wG"
        + "e+Au2Af3wQF4uGT0+9uOemcXxrsD+o27+k3ksnPH+vnQfw+5j8ET8BSwZcZ8IAhCYAycAlNgetmor7cqPYoZu82A+sZd9SVz2VHmyJ+B7ywIgwiIgRRYAIsgA1bA"
        + "JXDFzP889ODb/5efOiI/D98vQcH0/vvg3MUQ1KEB3mmXdzqXjR/v2Yv8b8zcH3qRnxDGfC/MnWCL1tzrOGEbz2UXjh/cP5Kykf7g1/WvsFcwj5kuGZfDfOtmMumq"
        + "6Ih/SKeB9fUdt4n/8jD3DuSUW98Gu3zP65bHnXLrsNrlXZ9bnnDKrbNml2eG3PKkU24dJ7t8/wh5yim3ToVdPu13y9NOufVnnbDJf7HL+4OUV/z+SH/FGe/c4eqg"
        + "4/qP1B/HgLhCZ34aHRbfJfPekF9oguZ6sfZfhaKwpG8JAAA=";

    private const string Transposed =
        "H4sIAAAAAAACA52WS2wTVxSG73gcxzgDOI/StDxqSgqmJM74JbEIYLnIqjQVGKeVpojKMfaQsWrZPvYNFQuktFJSWFSKWLFAKEuWbJBYFMgyu4YdYuUlSyQ2SGz4"
        + "74yh8zAJMNLnK43O///nzFxfu6jJQcbCYea7xtlexjuVZrfd6hq12VqFVxLt3xuF/Ai7+P+1HLhOLK5HIeg0m4k/jPqiyct1s9xQSaryVqdqJspLvN7oRsod4/JS"
        + "vVErc6PZbXXKV1MRCsTj+jC0XVRWFg2SbUmk0GhV+Lx9M0JBXUKNSkO6jLXaXqKQNslp+ILGNEULrFJYC2jSKu26Wa22Gg2jyuutZjdyvlMzOkbtbL3KIxQ5XqIR"
        + "TkqJdnu7Na1u95hoxpRNOyxJe82QNsUpaofIqzSqSZqySmM3TeE1zmmiRF/oe/pel+uVbn/ufS6nFH0JJ4XTpOW0Ql9p0gp9bbvs53SgRAfdLnY/h1wuafrGdon1"
        + "XQ4Ll29tlyOcpkr0nT6CQtOo1PqD0VGXRYaOwULmFBcWkhjpuCaL5/a9bXOC03SJZvRd72xEN5RwmWRpFiYSJ9UyWaGk+EjZBmlOmRJllxJFbTis//pfZV+AMUHx"
        + "g7tslJ3w7rJZtZA/5txj212weMLY68eMvQQvQA88A1tgE2yAh+A+uAfWwW2wBm6AZdAGC6AIckAFMRB9LCb5e/65soAgwXaTHPZNkizkD7Kd+hc9PcIKlufAKcwA"
        + "YqeRBpbBbXAfbIKeqBP8Cw3q1gHDfRUsgBtgHTwEW2ADtblHdo851G6AKO7nQBusgXuiDjw7LeYt/vbXgzVUr+0wb9I3b6qQn/nYN/du/h5yX4CX4DVgZxgLgjBQ"
        + "QBRMgElw4IzorzcvPVfFgbBDf6O+/tKF/G7myY/BdwrEwTRQQQacBHMgB86CH8FPVv455emVz8vPDMgvwvdnoFver7aO/KBArezgnfV5Zwv55Kc9ezv/kpV7rTf9"
        + "J8JYcNvcMTbnzL1qdLo4aQv5k58e3L/SEZH+9O7iLzgmWMBKl8TyPt95joz7OhrwC+U1cH59R13iKwHmP3y8cue3wS1XZb886ZU7N6tbHgv65Smv3LnX3PKNAfK0"
        + "V+7cTm55bsgvz3jlzl3hlt8ZIM965c7XOuaST4TYgI1U1EKh6X7FIXnmfXXYs76R7PVWqP+KtJD4E8H+6RdI1r2hkK0JW/V27Vtxlsix7wgAAA==";

    private const string Checkpoint =
        "H4sIAAAAAAACA52VS2wbVRSG79iO4zhOm0eBAGlIaQAXHMdPCJCHcSsLaRC4DkgjhOQ44yFj1bV97OsiFpbMIiHssgCpKxSJTVcoyy5KybLLdFd15U2lLiuxqcSG"
        + "/84MZR4hoYz0zR1f3/8/5/ieuS7K/gBjoRDzXFPsLFN1Tb3WatYafLFa4ZV461q9kB9lX/5z9X09YlFlCILrzapWJ0lVm/W6pvJas9EJf9auam2teqWm8jD5LpXI"
        + "H1XGsbbdaMS/0WpbOi/X9HI9QQGVN9uqHi93ea3eCZfb2ma3Vq+WudboNNvlG6kwDUWjyjC0HaysbGkUNCXhQr1Z4evmZJiGFQlrEhRS/BjVVpdG5GlO4asykyOy"
        + "b4dGZZ8s7VDkB13kM8bpTInOupPSjaTGdcTUg7rpmaQJfUSe5zRpevl3aEr2C69zptcLnF4s0UvKGctrs1bpWOVNO5xS9DKcIpxeMZy26VVZ2qYZ0+U8p9kSveZ0"
        + "MfOZc7ik6YLp8rrlclG4zJsub3B6s0RvKaNYqGuVqlUYRR0WGboECz+nt4WFJEp6xywpZtoscIqXaFEZ+dtGZEMJh0mWkjCROKUMk21Ki1vGNMhyerdE73V7tGSY"
        + "lK9rvCJ6id43vv8gqohmow97tGzs7g2t3UHr0IosdYwtxG9Aqz1a042ZgJUI5Xr0kTHV7Wwa7ae1mqpOednfjRfl4VBlZfbqTz7GBMV/bfIJFnM3+WKikI/aW/zE"
        + "Cx6/M/b0LmNPwGMwAA/AEbgHDsFtcABugX1wE+yBXdAHLbABiiAHEmAOjN8VpXy//jCygUCCk0q54CklWcifZ6flL3L+DXmCfdAHOcDE8x3Tu7+M2wrmQR/sg0Mw"
        + "AGwVeYI5kAA5UAQboAX6YBfsgZtgH9wCB+A2OAT3wBF4sCrq/WW39OsejPdOqTfpqTdVyC/8562z6h8g7mPwBDwFbI2xAAiBCBgH58A0mFkT+Q3WpYcJccickt+E"
        + "J790IT/GXPHn4DsPoiAGEiADlsAyyIEr4GPwiRH/08j9r/9f/Mwx8Yvw/RwohvcfRxcvR6COnOKd9XhnC/nk8/32ZvyvjLjfDmLfiXc7cGLcSbZsj2udFYX80vMH"
        + "tq50WES///PWFzgnmM+ILonhWXz7QTLlyeiYf0i3gf31nXCIH/mY9/Rxy+1vg1N+4PfKk265vVmd8v2AV55yy+295pTnhrzytFtubyen/PAYecYtt3eFUz4T9Mqz"
        + "brl9Wycd8h+dcquRinIwGLNWzPoXnq0OucY/Jasdh80ROuNpbMT8LBlzQ0FTEzLWm2v/AhNp0nxvCQAA";

    private const string Module =
        "H4sIAAAAAAACA52WTXQTVRTHJ03px5B+8CkCavnSVEtJvxS0QA0Y0CklTIuOSJ1Okknf0HQmd+YNCIoGtU3ws34eVp6e44aNHpYsEFmyBFcc9Hi6ZMk5blh633sp"
        + "zaSWD+ecXyZ5797/fXfufW+SVMK1ktTQIC26WqRV0qST8XPmjoxBjc78RC4Rb5GOBa9CTVrXJw3L1nX5kAxS+zkInYWaqMYUqYsTlj0O4ZK2HH/recM1Jk1quh7U"
        + "ptNOLmemqeXYnnzYzZiumdlvpakMy9pVqOMCesrPZpl1PWGDDdoGNmg7tp7HUcujpk3nbXTPpNCIq0n5Vo7yBeGIDPIoLJ+CiApNWguXNNITpww3oxPHmfCgmSu3"
        + "aGvZnOXpWT+XC9pA65DWzGazjlvhuII7rtRWVk7lXbM8vYpPr9ZWsGmPGtTUM5hdeXYNn12rrWezOcfIVJosiDzBzdaJtBeZOd683JPcbr14ZqJoHmzggxujWhhH"
        + "XduGp9LUcdOk07Y7yzadOCwPDo9g5Z7Gyj1zFtqiJFwitdx1U1SLoOsp0xonVLeInovB5rKG7lMr58m6a7LHnVmorAxbljDBYnmOq5/slmFrNKrVo7SHlsa4CduE"
        + "i5zAHOmwGJThWS2ENjF4jmeQzvsQVdZRaD+iSEpEqZmG55UaJTQNL5zny+2gsF2FzhL/saMIMRW6KhMgPIFusoVgeLKNCPku6CFRZSuFXiEbnoY+JcxkXxSyL1HY"
        + "qcIuIftyEV5RoV+T0TNlGV75qeyuEu2GPSgaobCXi07BgBKagleFYJzCPhX2C8HXipBQ4cCCoFjlwSrBHnhdCL5RFlSY4KAQPERhSIXDQjBZhCMqqD4RW2aYNBLc"
        + "ASNTcFSFN4no9rdI6xAR/asR0ahvE9GSx4jouXeI6KnjRLTRqIbHBDsPTHiXf2VdAzpft2Xnfap71hkTxpQavtOJlcmYthgzlDA3s/1JPWecZts5pYS4CMsY0uJw"
        + "SBk0TfSs5XoUMiXeHhnXyTs+BfPA/KGkNXGvjOWKk8PIQfa81oiDedc5IeKNK5K2im/KnEF1UXxPt7E9PSCjYEXJZtJNdpODJu8O3cANX7aCE6MwMQq5BRODRwxI"
        + "weQo2FHSRfrJAaKafoqnQkwjA87iHZazbNNw5UFxgzxuMzgLbsU286Ja3f0uBVpV+V7wsfJhCidZ5UOsP0+J/nxPVP80hTMqvC+q/0ERzqrwIUlXqfTBR6gSolDg"
        + "KlNwjn18LBQ+ofCpClNCYboIRRVK8/1zXvTPZ1PwuQpflPvny4X++arcP1+X+2em3D/flPvn23L/fMdrjKdy1jSo72Ipvse2YM8fC7ww+IMS8lO+n+pMKvUNc3//"
        + "eIU9GkZyyfdUk7S98j21I5aIt1e/pZa+UOB3Sbp3VZLuIneQOeQWcgO5jlxDLiOXkIvILHIBmUFKSAHJI2NIEhlAYkgb0nqV5VEcvh0Zw0CMB+WxLZBHVyK+SXqU"
        + "9bM1/4brRGaRAjKASOz7FaFd6MeP3TiOFJBZ5Boyh0h7cJ1IGxJDBpAkMobkkQJSQmaQC8gschG5hFxGriHXkRvIrT0s359L6q8zKDzzkHz7Avl2J+Jdj163hfzn"
        + "MO4d5C5yD5H2SlIt0oBEkFZkNbIO2biX99Vw6HaMvVkesr41gfX1JOIrpP+I34a6W5Eo0oHEkF5kJ9KPDCD7kYPIII8/FLmZffz4vUvET6LuCKJx7X9ubNnHdlXk"
        + "Idq7Atp9iXjf4z97Ef84j3t6ruMcOwZrHxi3WRqYj3uS/YFz7ES8//8FLl89Mot+86fxozWoX8Ojh9jtfvzKU6Rl0Yqq/uFWO1du3aaA48U6KXjsVLtW7oKga74+"
        + "6Nq1aMkVDRp0HWsIunZXu1b2VtBVagy69lS7VrZO0LVQ5dpb7VpZ/aDrX1WufdWulaVrDriOyFJVsySVurqO8uzT4e33LRuq7n+GxP0PWdzRj/2dkH6JiN8hPras"
        + "Tvg0cHth+y/aZBclDw0AAA==";

    private const string Old =
        "H4sIAAAAAAACA2XTP1DTUBwH8JcmgIai9X9R1KqoVbGmtNRUkTJwnnfxD1aHDHqxtDkSLzb9Ja94ete7LnDo5MjgwMjIyOAfRkdGR0bcHPXOwW+SAkfp3SeX/Pre"
        + "N7/3+tqOfZSdf5/v/029XpkezLRjj36JuLaIpfUEY6zhudytuo4xZ3q+7dZJwAB9AN84NueOaZj1ml2pU2xRl1Hk7xqm4dvvTZ/EFklpvQdF33I9Tj1aTBfxZNc5"
        + "9WqSLgUZbn2W+jSp2cQ7q3iNY1Y53uLLT7ya6Zm1KbvKZWLXyiRE/Xj1euatac9a3LAtw1EoVuWuV7UyRpPbji8bnjnTtJ2awc2673rG3KhMYjqt9wV9YGRl1iQp"
        + "miLfd9wKfxYVZerRD2JMsVhQFFXJq9QbdlttNNFg8jGnA081psW12AId1GKasEDyBytorJ9TvEwD3d1ZYXeHLLzckqzt8LFiVskWFDps9WnDCE1EoeICHdHEIPRo"
        + "FHqM0/EyndAPdUJn7IrfWfDJvZG5XDFXULMFOoXIOCKTYeQ8DWrCPJ2O4s5wGirT2b1xUYfn9sfdHhsbpfOduFQn7kIQdzGKu8RpuEyX9X7MsMxKrbNmutK9WrWo"
        + "qqpCV5ElIisdZAnBaq9Fq70e5d3gNFKmm+GsMC/ojzL70yBPt5AmIE0J0+YpG1xGo6Qcp3yZxpotKoSzjDcmr9QqvEK3w+/VtI4qo2KL7oRnYvtY39UEP/zBsT00"
        + "3qJ7VliROh3RRItKYanpz+Csvgz+H3v3X+jawFjXJohdy5C6jsS+82dm4mz7sznB2Bb8hj/ASoxJcADikIDjkISh0u68FJ6HIQ0joEAeVBiHSZiCB/CwJO7Mm8bz"
        + "c9BLwk7tRWl45559Q09fGVuHZWjDJLDg/ks0pD2Oyz3UoQ3LsA6bwLCGBKRAgUmYhlfQgDYswidYgmVYgVVYg3X4ARvwcyK529d37A96+w1bQY/wEzbgB6zDGqzC"
        + "CizDEnyCRWhDA17BNEyCAilIfPsPOJCw6S0FAAA=";

    /// <summary>The bytes of a file.</summary>
    public static byte[] Unpack(string name)
    {
        string file = name switch
        {
            "state" => State,
            "half" => Half,
            "bfloat16" => Bfloat16,
            "views" => Views,
            "parameters" => Parameters,
            "transposed" => Transposed,
            "checkpoint" => Checkpoint,
            "module" => Module,
            "old" => Old,
            _ => throw new ArgumentException(name),
        };
        using var packed = new GZipStream(new MemoryStream(Convert.FromBase64String(file)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }
}
